#pragma once
#include <zlib.h>
#include "crc32.h"
