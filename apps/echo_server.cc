#include "apps/echo.h"
#include "apps/program.h"

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, polymux::EchoServerMain);
}
