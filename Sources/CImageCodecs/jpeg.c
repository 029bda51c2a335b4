#include "codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file may declare any number of scans, each of which visits every block. The usual script has 10; the
// most elaborate in use stay under 100.
enum { most_scans = 200 };

// The managers are members, so that callbacks find the reader from theirs.
struct jpeg_reader {
  struct codec_reader base;
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  int status;
  bool is_started;
  bool has_multiple_scans;
  // Whether the file has no end marker, which then was made up.
  bool is_exhausted;
  // A bit for each component that a scan has brought.
  unsigned seen_components;
  jmp_buf escape;
};

static struct jpeg_reader *jpeg_reader_of(j_common_ptr jpeg) {
  return jpeg->client_data;
}

static void jpeg_stop(struct jpeg_reader *reader, int status, const char *message) {
  reader->base.row = reader->is_started ? reader->jpeg.output_scanline : 0;
  reader->status = codec_fail(
      &reader->base, status,
      reader->is_exhausted ? reader->base.count : reader->base.count - reader->source.bytes_in_buffer, message);
  if (reader->has_multiple_scans) {
    reader->base.failure->rows = -1;
  }
  longjmp(reader->escape, 1);
}

static void jpeg_fail(j_common_ptr jpeg) {
  struct jpeg_reader *reader = jpeg_reader_of(jpeg);
  char message[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, message);
  int code = jpeg->err->msg_code;
  int status = codec_malformed;
  if (code == JERR_OUT_OF_MEMORY) {
    status = codec_out_of_memory;
  } else if (reader->is_exhausted) {
    status = codec_truncated;
  } else if (code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED || code == JERR_ARITH_NOTIMPL
             || code == JERR_CONVERSION_NOTIMPL) {
    status = codec_unsupported;
  }
  jpeg_stop(reader, status, message);
}

// libjpeg fills damaged parts of an image with grey and warns: such warnings are errors unless damage is tolerated.
// Others are about harmless oddities of writers, stray bytes between segments above all.
static void jpeg_emit(j_common_ptr jpeg, int level) {
  if (level >= 0 || jpeg_reader_of(jpeg)->base.options.tolerant) {
    return;
  }
  switch (jpeg->err->msg_code) {
  case JWRN_EXTRANEOUS_DATA:
  case JWRN_JFIF_MAJOR:
  case JWRN_ADOBE_XFORM:
  case JWRN_NOT_SEQUENTIAL:
  case JWRN_TOO_MUCH_DATA:
    return;
  default:
    jpeg_fail(jpeg);
  }
}

static void jpeg_print_nothing(j_common_ptr jpeg) {
  (void)jpeg;
}

static void jpeg_start_or_end_source(j_decompress_ptr jpeg) {
  (void)jpeg;
}

// After the file's last byte comes an end marker that is not in the file. The decoder looks ahead, so that it asks for
// it even where nothing is missing; it warns where it needs bits that are not there.
static boolean jpeg_refill(j_decompress_ptr jpeg) {
  static const JOCTET end[] = {0xff, JPEG_EOI};
  jpeg_reader_of((j_common_ptr)jpeg)->is_exhausted = true;
  jpeg->src->next_input_byte = end;
  jpeg->src->bytes_in_buffer = sizeof end;
  return TRUE;
}

static void jpeg_skip(j_decompress_ptr jpeg, long length) {
  if (length <= 0) {
    return;
  }
  if ((size_t)length > jpeg->src->bytes_in_buffer) {
    jpeg_refill(jpeg);
    return;
  }
  jpeg->src->next_input_byte += length;
  jpeg->src->bytes_in_buffer -= (size_t)length;
}

static void jpeg_watch_scans(j_common_ptr common) {
  j_decompress_ptr jpeg = (j_decompress_ptr)common;
  struct jpeg_reader *reader = jpeg_reader_of(common);
  if (jpeg->input_scan_number > most_scans) {
    jpeg_stop(reader, codec_unsupported, "more than 200 scans");
  }
  for (int component = 0; component < jpeg->comps_in_scan; ++component) {
    reader->seen_components |= 1u << jpeg->cur_comp_info[component]->component_index;
  }
}

static void jpeg_read_file_header(struct jpeg_reader *reader) {
  j_decompress_ptr jpeg = &reader->jpeg;
  jpeg_create_decompress(jpeg);
  reader->source.next_input_byte = reader->base.bytes;
  reader->source.bytes_in_buffer = reader->base.count;
  reader->source.init_source = jpeg_start_or_end_source;
  reader->source.fill_input_buffer = jpeg_refill;
  reader->source.skip_input_data = jpeg_skip;
  reader->source.resync_to_restart = jpeg_resync_to_restart;
  reader->source.term_source = jpeg_start_or_end_source;
  jpeg->src = &reader->source;
  reader->progress.progress_monitor = jpeg_watch_scans;
  jpeg->progress = &reader->progress;
  jpeg_read_header(jpeg, TRUE);
  reader->has_multiple_scans = jpeg_has_multiple_scans(jpeg);
  switch (jpeg->num_components) {
  case 1:
    jpeg->out_color_space = JCS_GRAYSCALE;
    reader->base.header.layout = codec_gray;
    break;
  case 3:
    jpeg->out_color_space = JCS_RGB;
    reader->base.header.layout = codec_rgb;
    break;
  case 4:
    jpeg->out_color_space = JCS_CMYK;
    reader->base.header.layout = codec_inverted_cmyk;
    break;
  default:
    jpeg_stop(reader, codec_unsupported, "a number of color components other than 1, 3 and 4");
  }
  reader->base.header.width = jpeg->image_width;
  reader->base.header.height = jpeg->image_height;
}

// Where the end marker is missing, whether scans are: nothing warns of those.
static void jpeg_check_scans(struct jpeg_reader *reader) {
  j_decompress_ptr jpeg = &reader->jpeg;
  if (!reader->is_exhausted || reader->base.options.tolerant || !reader->has_multiple_scans) {
    return;
  }
  bool is_complete = reader->seen_components == (1u << jpeg->num_components) - 1;
  for (int component = 0; jpeg->progressive_mode && component < jpeg->num_components; ++component) {
    for (int place = 0; place < DCTSIZE2; ++place) {
      // The bits of this coefficient that are still to come; -1 where none came.
      is_complete = is_complete && jpeg->coef_bits[component][place] == 0;
    }
  }
  if (!is_complete) {
    jpeg_stop(reader, codec_truncated, "scans are missing");
  }
}

static void jpeg_start(struct jpeg_reader *reader) {
  j_decompress_ptr jpeg = &reader->jpeg;
  // As Pillow decodes: the exact integer transform, and smooth upsampling of subsampled colors.
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->do_fancy_upsampling = TRUE;
  jpeg_start_decompress(jpeg);
  jpeg_check_scans(reader);
  reader->is_started = true;
  size_t stride = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
  if (stride != codec_row_bytes(&reader->base.header) || jpeg->output_height != reader->base.header.height) {
    jpeg_stop(reader, codec_malformed, "the rows are not of the size that the header says");
  }
}

static void jpeg_read_all(struct jpeg_reader *reader, uint8_t *rows, size_t stride, size_t count) {
  if (!reader->is_started) {
    jpeg_start(reader);
  }
  for (size_t index = 0; index < count; ++index) {
    JSAMPROW row = rows + index * stride;
    jpeg_read_scanlines(&reader->jpeg, &row, 1);
    reader->base.row += 1;
  }
  // An arithmetic decoder takes what is missing for zeros, without a warning.
  if (reader->is_exhausted && reader->jpeg.arith_code && !reader->base.options.tolerant) {
    jpeg_stop(reader, codec_truncated, "the end marker is missing");
  }
}

static int jpeg_read(struct codec_reader *base, uint8_t *rows, size_t stride, size_t count) {
  struct jpeg_reader *reader = (struct jpeg_reader *)base;
  size_t first = base->row;
  reader->status = codec_success;
  if (!base->ended && setjmp(reader->escape) == 0) {
    jpeg_read_all(reader, rows, stride, count);
    return codec_success;
  }
  if (!base->ended && (!base->options.tolerant || reader->status == codec_out_of_memory)) {
    return reader->status;
  }
  // As Pillow leaves them: no light, or no ink.
  base->ended = true;
  for (size_t index = base->row - first; index < count; ++index) {
    memset(rows + index * stride, base->header.layout == codec_inverted_cmyk ? 255 : 0,
           codec_row_bytes(&base->header));
  }
  base->row = first + count;
  return codec_success;
}

static void jpeg_close(struct codec_reader *base) {
  struct jpeg_reader *reader = (struct jpeg_reader *)base;
  jpeg_destroy_decompress(&reader->jpeg);
  free(reader);
}

int codec_open_jpeg(
    const uint8_t *bytes, size_t count, struct codec_options options, struct codec_header *header,
    struct codec_reader **result, struct codec_failure *failure) {
  struct jpeg_reader *reader = codec_new_reader(sizeof *reader, bytes, count, options, failure);
  if (reader == NULL) {
    return codec_out_of_memory;
  }
  reader->base.read = jpeg_read;
  reader->base.close = jpeg_close;
  reader->jpeg.err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = jpeg_fail;
  reader->errors.emit_message = jpeg_emit;
  reader->errors.output_message = jpeg_print_nothing;
  reader->jpeg.client_data = reader;
  if (setjmp(reader->escape) == 0) {
    jpeg_read_file_header(reader);
  }
  return codec_finish_open(&reader->base, reader->status, header, result);
}
