"""Runs what people and agents write: the last value is shown, a failure is told with the writer's own line."""

import json
import sys
import traceback

from pyodide.code import eval_code_async, find_imports

from . import display

MOST_VALUE = 20_000
_names = {"__name__": "__main__", "__builtins__": __builtins__}


def imports(code):
    """The modules that the text names and that are not there yet."""
    import importlib.util

    missing = []
    for name in find_imports(code):
        root = name.split(".")[0]
        try:
            if root not in sys.modules and importlib.util.find_spec(root) is None:
                missing.append(root)
        except (ImportError, ValueError):
            missing.append(root)
    return json.dumps(missing)


async def run(code, name, fresh):
    names = {"__name__": "__main__", "__builtins__": __builtins__} if fresh else _names
    names["__file__"] = name
    display.finish(quietly=True)
    try:
        value = await eval_code_async(code, globals=names, filename=name)
        shown = None
        if value is not None and not display._show_rich(value):
            text = repr(value)
            shown = text if len(text) <= MOST_VALUE else text[:MOST_VALUE] + " …"
        if value is not None:
            names["_"] = value
        display.finish()
        return json.dumps({"ok": True, "value": shown, "trouble": None})
    except SystemExit as end:
        display.finish()
        if end.code in (None, 0):
            return json.dumps({"ok": True, "value": None, "trouble": None})
        return json.dumps({"ok": False, "value": None, "trouble": _trouble(end, name)})
    except BaseException as error:
        try:
            display.finish(quietly=isinstance(error, KeyboardInterrupt))
        except BaseException:
            pass
        return json.dumps({"ok": False, "value": None, "trouble": _trouble(error, name)})


def _trouble(error, name):
    told = traceback.TracebackException.from_exception(error)
    line = None
    seen = told
    for one in _chain(told):
        first = next((i for i, frame in enumerate(one.stack) if frame.filename == name), None)
        if first is not None:
            del one.stack[:first]
        else:
            # our own frames say nothing to the writer
            one.stack[:] = [frame for frame in one.stack if "pyodide/" not in frame.filename and "/llmos/_run" not in frame.filename]
    for frame in seen.stack:
        if frame.filename == name:
            line = frame.lineno
    if isinstance(error, SyntaxError) and error.filename == name:
        line = error.lineno
    return {
        "type": type(error).__name__,
        "message": str(error)[:4000],
        "traceback": "".join(told.format())[:20_000],
        "line": line,
        "missing": (error.name or "").split(".")[0] if isinstance(error, ModuleNotFoundError) else None,
    }


def _chain(told):
    seen = []
    while told is not None and told not in seen and len(seen) < 20:
        seen.append(told)
        told = told.__cause__ or told.__context__
    return seen
