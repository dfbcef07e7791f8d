#include "apps/bank/demo.h"

namespace polymux {

std::vector<Ledger::Customer> DemoCustomers() {
  return {
      {.name = "demo-alice",
       .password = "demo-alice-password",
       .cards = {{.id = "1001", .balance = 5088'80},
                 {.id = "1002", .balance = 100'00}}},
      {.name = "demo-bob",
       .password = "demo-bob-password",
       .cards = {{.id = "2001", .balance = 250'50}}},
      {.name = "demo-carol",
       .password = "demo-carol-password",
       .cards = {{.id = "3001", .balance = 0}}},
  };
}

}  // namespace polymux
