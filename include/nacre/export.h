// export.h - marks what the shared library shows to its users; everything else stays hidden.
#pragma once

#define NACRE_API [[gnu::visibility("default")]]
