// What the kernels' definitions and their checks call of the C library.
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
