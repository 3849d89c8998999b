"""The daily brief: composed once from a published snapshot, rendered many times, archived as composed."""
