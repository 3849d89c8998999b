"""The analysts' page: a FastAPI app, mounted in Airflow's navigation or served alone. Start at :mod:`.app`."""
