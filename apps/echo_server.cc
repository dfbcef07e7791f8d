#include "apps/echo.h"

int main(int argc, char** argv) { return polymux::EchoServerMain(argc, argv); }
