"""`function_app.py` → functions that can be called, refused for the reasons Microsoft's worker refuses them.

https://learn.microsoft.com/azure/azure-functions/functions-reference-python
"""

import importlib.util
import inspect
import os
import sys
from pathlib import Path
from types import GenericAlias, ModuleType
from typing import Any, get_origin, get_type_hints

import azure.functions as func

from local.host.converters import converter
from local.host.settings import ConfigurationError
from local.host.spec import RETURN, FunctionSpec, parse_bindings

MODULE = "function_app"


def load(app_dir: Path) -> list[FunctionSpec]:
    """Import the app and list its functions. The app's folder comes first on `sys.path`, and stays there.

    Raises ConfigurationError for what the real worker, or this host, cannot run; whatever the import
    of the app itself raises goes through.
    """
    app = _only_app(_import(app_dir))
    try:
        functions = app.get_functions()
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    return [_spec(function) for function in functions]


def _import(app_dir: Path) -> ModuleType:
    path = app_dir / f"{MODULE}.py"
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None or not path.exists():
        raise ConfigurationError(f"{path} is missing")
    if str(app_dir) not in sys.path:
        sys.path.insert(0, str(app_dir))
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    return module


def _only_app(module: ModuleType) -> func.FunctionRegister:
    apps = {id(value): value for value in vars(module).values() if isinstance(value, func.FunctionRegister)}
    if len(apps) != 1:
        raise ConfigurationError(f"{MODULE}.py must have one app object at its top level, not {len(apps)}")
    return next(iter(apps.values()))


def _spec(function: Any) -> FunctionSpec:
    name, call = str(function.get_function_name()), function.get_user_function()
    trigger, outputs = parse_bindings(name, function.get_raw_bindings(), os.environ)
    hints = get_type_hints(call)
    parameters = set(inspect.signature(call).parameters)
    takes_context = "context" in parameters
    _check_parameters(name, parameters - {"context"}, {trigger.name} | outputs - {RETURN})
    _check_input(name, trigger.name, trigger.type, hints.get(trigger.name))
    for output in outputs - {RETURN}:
        _check_output(name, output, hints.get(output))
    if RETURN in outputs:
        _check_return(name, hints.get("return"))
    is_async = inspect.iscoroutinefunction(call)
    return FunctionSpec(name, call, trigger, outputs, takes_context, is_async)


def _check_parameters(name: str, declared: set[str], bound: set[str]) -> None:
    if unbound := sorted(declared - bound):
        raise ConfigurationError(f"{name}: parameters without a binding: {', '.join(unbound)}")
    if missing := sorted(bound - declared):
        raise ConfigurationError(f"{name}: bindings without a parameter: {', '.join(missing)}")


def _check_input(name: str, parameter: str, binding: str, annotation: Any) -> None:
    if annotation is None:
        return
    if get_origin(annotation) is func.Out or annotation is func.Out:
        raise ConfigurationError(f"{name}: {parameter} is an input and cannot be func.Out")
    if not converter(binding).check_input_type_annotation(annotation):
        # The worker does not know list[X] for a generic type: it has to be typing.List[X].
        advice = "; write typing.List" if isinstance(annotation, GenericAlias) else ""
        raise ConfigurationError(f"{name}: {parameter} has a type that {binding} does not give{advice}")


def _check_output(name: str, parameter: str, annotation: Any) -> None:
    if annotation is not None and get_origin(annotation) is not func.Out:
        raise ConfigurationError(f"{name}: {parameter} is an output and must be func.Out[...]")


def _check_return(name: str, annotation: Any) -> None:
    if annotation is None:
        return
    if not isinstance(annotation, type) or not converter("http").check_output_type_annotation(annotation):
        raise ConfigurationError(f"{name}: an HTTP function returns func.HttpResponse or str")
