#pragma once
#include <stddef.h>

// What the program brings with it instead of reading it from files beside it.

// A file of the folder `templates`.
struct CEmbedded_file {
    const char *_Nonnull name;
    // Its text, which ends with NUL.
    const unsigned char *_Nonnull text;
};

// The file at an index; NULL after the last one.
const struct CEmbedded_file *_Nullable CEmbedded_template(size_t index);

// The commit of the sources; empty if the build was not told.
const char *_Nonnull CEmbedded_commit(void);
