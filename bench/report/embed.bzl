"""Files that a program carries within itself."""

def embed(name, out, files, hdr, namespace):
    """A C++ source that defines, for each file, its text as a constant.

    Args:
      name: of the rule.
      out: the source.
      files: {the file: the constant's name}.
      hdr: the header that declares them.
      namespace: where they are.
    """
    commands = ["echo '#include \"{}\"'".format(hdr)]
    commands.append("echo 'namespace {} {{'".format(namespace))
    for file, constant in files.items():
        commands.append("echo 'const char {}[] = R\"~~~('".format(constant))
        commands.append("cat $(location {})".format(file))
        commands.append("echo ')~~~\";'")
    commands.append("echo '}'")
    native.genrule(
        name = name,
        srcs = files.keys(),
        outs = [out],
        cmd = "{ " + "; ".join(commands) + "; } > $@",
    )
