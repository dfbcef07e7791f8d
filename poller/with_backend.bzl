"""The rule with_backend: a program rebuilt with one backend linked in."""

def _backend_transition_impl(_, attr):
    return {"//poller:backend": attr.backend}

_backend_transition = transition(
    implementation = _backend_transition_impl,
    inputs = [],
    outputs = ["//poller:backend"],
)

def _with_backend_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = program,
        target_file = ctx.executable.binary,
        is_executable = True,
    )
    return [DefaultInfo(
        executable = program,
        runfiles = ctx.attr.binary[DefaultInfo].default_runfiles,
    )]

with_backend = rule(
    doc = "The program `binary` as --//poller:backend=`backend` builds it.",
    implementation = _with_backend_impl,
    attrs = {
        "backend": attr.string(
            doc = "A legal value of //poller:backend.",
            mandatory = True,
        ),
        "binary": attr.label(
            doc = "The program to rebuild.",
            cfg = "target",
            executable = True,
            mandatory = True,
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    cfg = _backend_transition,
    executable = True,
)
