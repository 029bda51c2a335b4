#include "heif_turns.h"

#include <string.h>

// Boxes of ISO base media (ISO/IEC 14496-12): a size that counts itself, a type, contents. Those of interest are
// meta { pitm, iprp { ipco { properties }, ipma } }: ipma gives each image numbers of properties, counted from 1.

/// A part of the file.
struct heif_span {
  const uint8_t *start, *end;
};

static uint64_t heif_number(const uint8_t *bytes, size_t size) {
  uint64_t value = 0;
  for (size_t index = 0; index < size; ++index) {
    value = value << 8 | bytes[index];
  }
  return value;
}

/// Takes a number from the start of a span; 0 where that has no room for it, which then is empty.
static uint64_t heif_take(struct heif_span *span, size_t size) {
  if ((size_t)(span->end - span->start) < size) {
    span->start = span->end;
    return 0;
  }
  span->start += size;
  return heif_number(span->start - size, size);
}

/// Takes the next box from the start of a span. False where there is none.
static bool heif_take_box(struct heif_span *span, uint8_t type[4], struct heif_span *contents) {
  size_t left = (size_t)(span->end - span->start);
  if (left < 8) {
    return false;
  }
  uint64_t size = heif_number(span->start, 4);
  size_t header = 8;
  if (size == 1 && left >= 16) {
    size = heif_number(span->start + 8, 8);
    header = 16;
  } else if (size == 0) {
    size = left;
  }
  if (size < header || size > left) {
    return false;
  }
  memcpy(type, span->start + 4, 4);
  contents->start = span->start + header;
  contents->end = span->start + size;
  span->start = contents->end;
  return true;
}

/// The contents of the first box of a type; empty where there is none.
static struct heif_span heif_find(struct heif_span span, const char *wanted) {
  uint8_t type[4];
  struct heif_span contents;
  while (heif_take_box(&span, type, &contents)) {
    if (memcmp(type, wanted, 4) == 0) {
      return contents;
    }
  }
  return (struct heif_span){span.end, span.end};
}

/// Adds a property, counted from 1, where it turns the image.
static void heif_add_turn(struct heif_turns *turns, struct heif_span properties, uint64_t number) {
  uint8_t type[4];
  struct heif_span contents;
  for (uint64_t index = 0; index < number; ++index) {
    if (!heif_take_box(&properties, type, &contents)) {
      return;
    }
  }
  bool is_mirror = number > 0 && memcmp(type, "imir", 4) == 0;
  bool is_rotation = number > 0 && memcmp(type, "irot", 4) == 0;
  if ((!is_mirror && !is_rotation) || contents.start == contents.end || turns->count == most_heif_turns) {
    return;
  }
  turns->turns[turns->count].is_mirror = is_mirror;
  turns->turns[turns->count].value = contents.start[0] & (is_mirror ? 1 : 3);
  turns->count += 1;
}

struct heif_turns heif_find_turns(const uint8_t *bytes, size_t count) {
  struct heif_turns turns = {0};
  struct heif_span meta = heif_find((struct heif_span){bytes, bytes + count}, "meta");
  heif_take(&meta, 4);  // version and flags
  struct heif_span primary = heif_find(meta, "pitm");
  uint64_t primary_item = heif_take(&primary, 4) >> 24 == 0 ? heif_take(&primary, 2) : heif_take(&primary, 4);
  struct heif_span properties = heif_find(meta, "iprp");
  struct heif_span container = heif_find(properties, "ipco");
  uint8_t type[4];
  struct heif_span map;
  while (heif_take_box(&properties, type, &map)) {
    if (memcmp(type, "ipma", 4) != 0) {
      continue;
    }
    uint64_t version = heif_take(&map, 4);
    uint64_t items = heif_take(&map, 4);
    for (uint64_t index = 0; index < items && map.start < map.end; ++index) {
      uint64_t item = heif_take(&map, version >> 24 == 0 ? 2 : 4);
      uint64_t associations = heif_take(&map, 1);
      for (uint64_t place = 0; place < associations; ++place) {
        // The highest bit says that readers must understand the property.
        uint64_t number = (version & 1) != 0 ? heif_take(&map, 2) & 0x7fff : heif_take(&map, 1) & 0x7f;
        if (item == primary_item) {
          heif_add_turn(&turns, container, number);
        }
      }
    }
  }
  return turns;
}

bool heif_is_transposed(const struct heif_turns *turns) {
  unsigned quarters = 0;
  for (int index = 0; index < turns->count; ++index) {
    quarters += turns->turns[index].is_mirror ? 0 : turns->turns[index].value;
  }
  return quarters % 2 == 1;
}

void heif_turn(const struct heif_turns *turns, size_t width, size_t height, size_t *x, size_t *y) {
  for (int index = 0; index < turns->count; ++index) {
    uint8_t value = turns->turns[index].value;
    if (turns->turns[index].is_mirror) {
      *x = value == 1 ? width - 1 - *x : *x;
      *y = value == 0 ? height - 1 - *y : *y;
      continue;
    }
    for (uint8_t quarter = 0; quarter < value; ++quarter) {
      size_t column = *y;
      *y = width - 1 - *x;
      *x = column;
      size_t rows = width;
      width = height;
      height = rows;
    }
  }
}
