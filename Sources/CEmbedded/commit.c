#include "CEmbedded.h"

// A file of its own, so that another commit compiles nothing else anew.
#ifndef GATEHOUSE_COMMIT
#define GATEHOUSE_COMMIT ""
#endif

const char *CEmbedded_commit(void) { return GATEHOUSE_COMMIT; }
