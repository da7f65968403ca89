#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>

// Swift imports neither of these, because they are macros or casts.
static inline EVP_PKEY *floors_p256(void) { return EVP_EC_gen("P-256"); }

// The numbers of a signature, 32 bytes each, out of its DER form.
static inline int floors_plain_signature(const unsigned char *der, size_t length, unsigned char *plain) {
    ECDSA_SIG *read = d2i_ECDSA_SIG(NULL, &der, (long)length);
    if (read == NULL) return 0;
    int done = BN_bn2binpad(ECDSA_SIG_get0_r(read), plain, 32) == 32
        && BN_bn2binpad(ECDSA_SIG_get0_s(read), plain + 32, 32) == 32;
    ECDSA_SIG_free(read);
    return done;
}

// The coordinate "qx" or "qy" of a P-256 key, 32 bytes.
static inline int floors_coordinate(EVP_PKEY *key, const char *name, unsigned char *bytes) {
    BIGNUM *number = NULL;
    int done = EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_bn2binpad(number, bytes, 32) == 32;
    BN_free(number);
    return done;
}

static inline sqlite3_destructor_type floors_transient(void) { return SQLITE_TRANSIENT; }
