"""The process in which llama.cpp serves one model; it ends with the end of its standard input.

Started as `python -m pytest_distil.models.local.serving FILE PORT THREADS CONTEXT ALIAS`; it writes its address as
one line, and what llama.cpp says goes to standard error.
"""

from __future__ import annotations

import os
import sys

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2


def main() -> None:
    """Serve until nobody holds our standard input any more."""
    file, port, threads, context, alias = sys.argv[1:]
    out = os.dup(_OUTPUT)
    os.dup2(_ERRORS, _OUTPUT)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = file
    params.model_alias = {alias}
    params.port = int(port)
    params.n_ctx = int(context)
    # One at a time: answers that are computed side by side differ in their last digits from run to run.
    params.n_parallel = 1
    params.cache_ram_mib = 0  # prompts that were left are not kept: coming back to one would change last digits
    params.cpuparams.n_threads = int(threads)
    params.cpuparams_batch.n_threads = int(threads)
    server = xllamacpp.Server(params)
    os.write(out, f"{server.listening_address}\n".encode())
    while os.read(_INPUT, 1024):
        pass
    os._exit(0)  # llama.cpp's own threads would hold up the interpreter's end


if __name__ == "__main__":
    main()
