#include "bench/peers/peers.h"

int main(int argc, char** argv) { return polymux::bench::PeerMain(argc, argv); }
