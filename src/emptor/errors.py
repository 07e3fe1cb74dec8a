"""The one exception a user of Emptor is meant to read."""


class EmptorError(Exception):
    """Bad input or an impossible request, told in one sentence: what, where, what was expected, how to mend it.

    The command line prints the sentence and exits with status 2; the server answers 4xx with it. Anything
    else that is raised is a bug of ours.
    """


class ShopBusy(EmptorError):
    """Another process is writing to this shop; the sentence names its process id."""
