"""The rule library_archive: libraries, headers and pkg-config file as one file.

The objects are compiled again, as position-independent code for both libraries:
what Polymux itself links is for executables (-fPIE), and a shared library
cannot be made of that.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

_COPT = "//command_line_option:copt"
_CXXOPT = "//command_line_option:cxxopt"
_LINKOPT = "//command_line_option:linkopt"

def _pic_transition_impl(settings, _):
    return {
        _COPT: settings[_COPT] + ["-fPIC"],  # The last one wins.
        _CXXOPT: settings[_CXXOPT] + ["-fvisibility-inlines-hidden"],
        _LINKOPT: [option for option in settings[_LINKOPT] if option != "-pie"],
    }

_pic_transition = transition(
    implementation = _pic_transition_impl,
    inputs = [_COPT, _CXXOPT, _LINKOPT],
    outputs = [_COPT, _CXXOPT, _LINKOPT],
)

def _is_public(header):
    return not header.basename.endswith("_poller.h")

def _static_library(ctx, parts):
    archive = ctx.actions.declare_file("lib{}.a".format(ctx.attr.library))
    script = "CREATE {}\n{}SAVE\nEND\n".format(
        archive.path,
        "".join(["ADDLIB {}\n".format(part.path) for part in parts]),
    )
    script_file = ctx.actions.declare_file(ctx.attr.library + ".mri")
    ctx.actions.write(script_file, script)
    ctx.actions.run_shell(
        outputs = [archive],
        inputs = parts + [script_file],
        command = "ar -M < {}".format(script_file.path),
        mnemonic = "MergeArchives",
    )
    return archive

def _shared_library(ctx, static_library, soname, link_flags):
    cc_toolchain = find_cpp_toolchain(ctx)
    return cc_common.link(
        actions = ctx.actions,
        name = ctx.attr.library,
        output_type = "dynamic_library",
        cc_toolchain = cc_toolchain,
        feature_configuration = cc_common.configure_features(
            ctx = ctx,
            cc_toolchain = cc_toolchain,
            requested_features = ctx.features,
            unsupported_features = ctx.disabled_features,
        ),
        additional_inputs = [static_library, ctx.file.symbols],
        user_link_flags = [
            "-Wl,-soname," + soname,
            "-Wl,--version-script," + ctx.file.symbols.path,
            "-Wl,--no-undefined",
            "-Wl,--whole-archive",
            static_library.path,
            "-Wl,--no-whole-archive",
        ] + link_flags,
    ).library_to_link.dynamic_library

def _library_archive_impl(ctx):
    headers = []
    parts = []
    link_flags = []
    for dep in ctx.attr.deps:
        headers += dep[CcInfo].compilation_context.headers.to_list()
        for linker_input in dep[CcInfo].linking_context.linker_inputs.to_list():
            link_flags += linker_input.user_link_flags
            for library in linker_input.libraries:
                parts.append(library.pic_static_library or library.static_library)
    headers = [header for header in depset(headers).to_list() if _is_public(header)]
    parts = depset(parts).to_list()

    version = ctx.attr.version
    shared_name = "lib{}.so".format(ctx.attr.library)
    soname = "{}.{}".format(shared_name, version.split(".")[0])
    static_library = _static_library(ctx, parts)
    shared_library = _shared_library(ctx, static_library, soname, link_flags)

    pkg_config = ctx.actions.declare_file(ctx.attr.library + ".pc")
    ctx.actions.expand_template(
        template = ctx.file.pkg_config,
        output = pkg_config,
        substitutions = {"@VERSION@": version},
    )

    # Where each file goes; the short paths are what users include.
    places = [
        (static_library, "lib/" + static_library.basename),
        (shared_library, "lib/{}.{}".format(shared_name, version)),
        (pkg_config, "lib/pkgconfig/" + pkg_config.basename),
        (ctx.file.license, "share/doc/{}/LICENSE".format(ctx.attr.library)),
    ] + [
        (header, "include/{}/{}".format(ctx.attr.library, header.short_path))
        for header in headers
    ]
    archive = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    ctx.actions.run_shell(
        outputs = [archive],
        inputs = [file for file, _ in places],
        command = "\n".join([
            "set -eu",
            "root=$(mktemp -d)",
        ] + [
            "install -D -m 644 {} $root/{}".format(file.path, place)
            for file, place in places
        ] + [
            "ln -s {}.{} $root/lib/{}".format(shared_name, version, soname),
            "ln -s {} $root/lib/{}".format(soname, shared_name),
            # The same bytes from the same sources.
            ("tar -C $root -cf - --sort=name --mtime=@0 --owner=0 --group=0 " +
             "--numeric-owner include lib share | gzip -n > " + archive.path),
            "rm -r $root",
        ]),
        mnemonic = "LibraryArchive",
    )
    return [DefaultInfo(
        files = depset([archive]),
        runfiles = ctx.runfiles(files = [archive]),
    )]

library_archive = rule(
    doc = "NAME.tar.gz, to unpack below a prefix: lib/, include/ and share/.",
    implementation = _library_archive_impl,
    attrs = {
        "deps": attr.label_list(
            doc = "The libraries; all that they depend on goes in too.",
            mandatory = True,
            providers = [CcInfo],
        ),
        "library": attr.string(
            doc = "NAME in libNAME.a and libNAME.so.",
            mandatory = True,
        ),
        "license": attr.label(allow_single_file = True, mandatory = True),
        "pkg_config": attr.label(
            doc = "The pkg-config file, with @VERSION@ for the version.",
            allow_single_file = True,
            mandatory = True,
        ),
        "symbols": attr.label(
            doc = "The linker's version script: what the shared library exports.",
            allow_single_file = True,
            mandatory = True,
        ),
        "version": attr.string(
            doc = "MAJOR.MINOR.PATCH; MAJOR is in the soname.",
            mandatory = True,
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
        "_cc_toolchain": attr.label(
            default = "@bazel_tools//tools/cpp:current_cc_toolchain",
        ),
    },
    cfg = _pic_transition,
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
