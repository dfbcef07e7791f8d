"""The build setting //poller:backend: which backends are linked in.

    bazel run --//poller:backend=epoll-et //apps:echo_server

links that one backend and makes it the default; `all` links every one.
"""

BACKENDS = [
    "select",
    "poll",
    "epoll-lt",
    "epoll-et",
    "uring-lt",
    "uring-et",
]

_LEGAL_VALUES = ["all"] + BACKENDS

def _backend_flag_impl(ctx):
    value = ctx.build_setting_value
    if value not in _LEGAL_VALUES:
        fail("--{}={}: no such backend; the legal values are {}".format(
            str(ctx.label).lstrip("@"),
            value,
            ", ".join(_LEGAL_VALUES),
        ))
    return []

_backend_flag = rule(
    implementation = _backend_flag_impl,
    build_setting = config.string(flag = True),
)

def backend_flag(name, build_setting_default, **kwargs):
    """Declares the string flag NAME and a config_setting NAME_VALUE per value.

    Args:
      name: of the flag; its values are `all` and the names of the backends.
      build_setting_default: the value when the command line gives none.
      **kwargs: attributes common to all rules, such as visibility.
    """
    _backend_flag(
        name = name,
        build_setting_default = build_setting_default,
        **kwargs
    )
    for value in _LEGAL_VALUES:
        native.config_setting(
            name = name + "_" + value,
            flag_values = {":" + name: value},
            **kwargs
        )

def for_linked_backends(values):
    """Selects a list by the value of //poller:backend.

    Args:
      values: a list for each backend.

    Returns:
      A select: the chosen backend's list, or for `all` the lists of all
      backends without repetition.
    """
    cases = {
        "//poller:backend_" + backend: values[backend]
        for backend in BACKENDS
    }
    cases["//poller:backend_all"] = {
        value: None
        for backend in BACKENDS
        for value in values[backend]
    }.keys()
    return select(cases)
