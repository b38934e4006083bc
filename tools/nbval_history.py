"""A pytest plugin that makes nbval run cells as Jupyter does, with history.

IPython looks a closing semicolon up in the history; nbval keeps none, so that it sees values
which no notebook shows.
"""

from nbval.kernel import RunningKernel


def execute_cell_input(self, cell_input, allow_stdin=None):
    return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = execute_cell_input
