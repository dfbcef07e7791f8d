#include "apps/program.h"
#include "bench/peers/peers.h"

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, polymux::bench::PeerMain);
}
