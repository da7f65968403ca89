#include "CEmbedded.h"

// The compiler reads the files themselves, so that the folder `templates` remains their only source and a changed file is
// compiled anew.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const struct CEmbedded_file templates[] = {
    {"account-link.mustache", (const unsigned char[]){
#embed "../../templates/account-link.mustache" suffix(, 0)
    }},
    {"account.mustache", (const unsigned char[]){
#embed "../../templates/account.mustache" suffix(, 0)
    }},
    {"consent.mustache", (const unsigned char[]){
#embed "../../templates/consent.mustache" suffix(, 0)
    }},
    {"device-end.mustache", (const unsigned char[]){
#embed "../../templates/device-end.mustache" suffix(, 0)
    }},
    {"device-request.mustache", (const unsigned char[]){
#embed "../../templates/device-request.mustache" suffix(, 0)
    }},
    {"device.mustache", (const unsigned char[]){
#embed "../../templates/device.mustache" suffix(, 0)
    }},
    {"elicitation-end.mustache", (const unsigned char[]){
#embed "../../templates/elicitation-end.mustache" suffix(, 0)
    }},
    {"elicitation.mustache", (const unsigned char[]){
#embed "../../templates/elicitation.mustache" suffix(, 0)
    }},
    {"error.mustache", (const unsigned char[]){
#embed "../../templates/error.mustache" suffix(, 0)
    }},
    {"expired.mustache", (const unsigned char[]){
#embed "../../templates/expired.mustache" suffix(, 0)
    }},
    {"finished.mustache", (const unsigned char[]){
#embed "../../templates/finished.mustache" suffix(, 0)
    }},
    {"gatehouse.css", (const unsigned char[]){
#embed "../../templates/gatehouse.css" suffix(, 0)
    }},
    {"hand-off.mustache", (const unsigned char[]){
#embed "../../templates/hand-off.mustache" suffix(, 0)
    }},
    {"identities.mustache", (const unsigned char[]){
#embed "../../templates/identities.mustache" suffix(, 0)
    }},
    {"invitation.mustache", (const unsigned char[]){
#embed "../../templates/invitation.mustache" suffix(, 0)
    }},
    {"no-access.mustache", (const unsigned char[]){
#embed "../../templates/no-access.mustache" suffix(, 0)
    }},
    {"other-account.mustache", (const unsigned char[]){
#embed "../../templates/other-account.mustache" suffix(, 0)
    }},
    {"page.mustache", (const unsigned char[]){
#embed "../../templates/page.mustache" suffix(, 0)
    }},
    {"password-set.mustache", (const unsigned char[]){
#embed "../../templates/password-set.mustache" suffix(, 0)
    }},
    {"return.mustache", (const unsigned char[]){
#embed "../../templates/return.mustache" suffix(, 0)
    }},
    {"scope.mustache", (const unsigned char[]){
#embed "../../templates/scope.mustache" suffix(, 0)
    }},
    {"sign-in.mustache", (const unsigned char[]){
#embed "../../templates/sign-in.mustache" suffix(, 0)
    }},
    {"signed-out.mustache", (const unsigned char[]){
#embed "../../templates/signed-out.mustache" suffix(, 0)
    }},
};

const struct CEmbedded_file *CEmbedded_template(size_t index) {
    return index < sizeof templates / sizeof templates[0] ? &templates[index] : NULL;
}
