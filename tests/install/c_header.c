/* The C binding is C: this file is compiled as C99, with all warnings as errors. */
#include "nacre/c.h"

const char* (*const nacre_c_header_is_c)(void) = nacre_version;
