"""The errors people see. Each message names what failed, where, and the next thing to do."""


class XianbanError(Exception):
    """Something a person can act on. The command line prints the message without a traceback and exits 1."""


class ConfigurationError(XianbanError):
    """A city folder, a source contract or a setting is wrong; names the file and the key."""


class RefusedFile(XianbanError):
    """A file cannot be taken in at all (unreadable, empty, a mapped column missing).

    It is recorded in ``ops.batches`` with this message; the other files and sources go on.
    """


class AccountingError(XianbanError):
    """Rows in are not accepted + rejected + superseded: a step lost or invented rows, so it must not go on."""


class WarehouseError(XianbanError):
    """The build file cannot be opened, migrated or committed."""


class NothingPublished(XianbanError):
    """A reader asked for a snapshot before the first one was published."""


class NothingKnown(XianbanError):
    """No usable data is known before the as-of date, so there is nothing to forecast from."""
