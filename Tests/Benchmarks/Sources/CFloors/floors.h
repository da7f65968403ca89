#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>

// Swift imports neither of these, because they are macros or casts.
static inline EVP_PKEY *floors_p256(void) { return EVP_EC_gen("P-256"); }
static inline sqlite3_destructor_type floors_transient(void) { return SQLITE_TRANSIENT; }
