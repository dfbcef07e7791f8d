#ifndef POLYMUX_APPS_BANK_DEMO_H_
#define POLYMUX_APPS_BANK_DEMO_H_

#include <vector>

#include "apps/bank/ledger.h"

namespace polymux {

// The customers of `bank_server --init-demo`. Their passwords are in the
// documentation: for a demonstration only.
std::vector<Ledger::Customer> DemoCustomers();

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_DEMO_H_
