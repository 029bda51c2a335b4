#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file may declare any number of scans, each of which visits every block. The usual script has 10; the
// most elaborate in use stay under 100.
enum { most_scans = 200 };

// One decoding; see png.c for where it lives. The managers are its members, so that callbacks find it from theirs.
struct jpeg_reader {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  size_t count;
  int status;
  struct codec_failure *failure;
  jmp_buf escape;
};

static struct jpeg_reader *jpeg_reader_of(j_common_ptr jpeg) {
  return jpeg->client_data;
}

static void jpeg_stop(struct jpeg_reader *reader, int status, const char *message) {
  reader->status = status;
  reader->failure->offset = reader->count - reader->source.bytes_in_buffer;
  snprintf(reader->failure->message, sizeof reader->failure->message, "%s", message);
  longjmp(reader->escape, 1);
}

static void jpeg_fail(j_common_ptr jpeg) {
  char message[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, message);
  int code = jpeg->err->msg_code;
  int status = codec_malformed;
  if (code == JERR_OUT_OF_MEMORY) {
    status = codec_out_of_memory;
  } else if (code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED || code == JERR_ARITH_NOTIMPL
             || code == JERR_CONVERSION_NOTIMPL) {
    status = codec_unsupported;
  }
  jpeg_stop(jpeg_reader_of(jpeg), status, message);
}

// libjpeg fills damaged parts of an image with grey and warns: such warnings are errors here. Others are about
// harmless oddities of writers, stray bytes between segments above all.
static void jpeg_emit(j_common_ptr jpeg, int level) {
  if (level >= 0) {
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

static boolean jpeg_refill(j_decompress_ptr jpeg) {
  jpeg->src->bytes_in_buffer = 0;
  jpeg_stop(jpeg_reader_of((j_common_ptr)jpeg), codec_truncated, "the file ends before the image does");
  return FALSE;
}

static void jpeg_skip(j_decompress_ptr jpeg, long length) {
  if (length <= 0) {
    return;
  }
  if ((size_t)length > jpeg->src->bytes_in_buffer) {
    jpeg_refill(jpeg);
  }
  jpeg->src->next_input_byte += length;
  jpeg->src->bytes_in_buffer -= (size_t)length;
}

static void jpeg_count_scans(j_common_ptr jpeg) {
  if (((j_decompress_ptr)jpeg)->input_scan_number > most_scans) {
    jpeg_stop(jpeg_reader_of(jpeg), codec_unsupported, "more than 200 scans");
  }
}

static void jpeg_configure(struct jpeg_reader *reader, struct codec_header *header) {
  j_decompress_ptr jpeg = &reader->jpeg;
  jpeg_read_header(jpeg, TRUE);
  switch (jpeg->num_components) {
  case 1:
  case 3:
    jpeg->out_color_space = JCS_RGB;
    header->channels = 3;
    break;
  case 4:
    jpeg->out_color_space = JCS_CMYK;
    header->channels = 4;
    break;
  default:
    jpeg_stop(reader, codec_unsupported, "a number of color components other than 1, 3 and 4");
  }
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  header->inverted = jpeg->saw_Adobe_marker;
}

static void jpeg_read_pixels(struct jpeg_reader *reader, uint8_t *pixels, size_t capacity) {
  j_decompress_ptr jpeg = &reader->jpeg;
  struct codec_header header;
  jpeg_configure(reader, &header);
  // As Pillow decodes: the exact integer transform, and smooth upsampling of subsampled colors.
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->do_fancy_upsampling = TRUE;
  jpeg_start_decompress(jpeg);

  size_t stride = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
  if (stride != (size_t)header.width * header.channels || jpeg->output_height != header.height
      || capacity / stride < header.height) {
    jpeg_stop(reader, codec_malformed, "the rows are not of the size that the header says");
  }
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = pixels + (size_t)jpeg->output_scanline * stride;
    jpeg_read_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_decompress(jpeg);
}

static void jpeg_run(struct jpeg_reader *reader, const uint8_t *bytes, struct codec_header *header, uint8_t *pixels,
                     size_t capacity) {
  j_decompress_ptr jpeg = &reader->jpeg;
  jpeg->err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = jpeg_fail;
  reader->errors.emit_message = jpeg_emit;
  reader->errors.output_message = jpeg_print_nothing;
  jpeg->client_data = reader;
  if (setjmp(reader->escape) == 0) {
    jpeg_create_decompress(jpeg);
    reader->source.next_input_byte = bytes;
    reader->source.bytes_in_buffer = reader->count;
    reader->source.init_source = jpeg_start_or_end_source;
    reader->source.fill_input_buffer = jpeg_refill;
    reader->source.skip_input_data = jpeg_skip;
    reader->source.resync_to_restart = jpeg_resync_to_restart;
    reader->source.term_source = jpeg_start_or_end_source;
    jpeg->src = &reader->source;
    reader->progress.progress_monitor = jpeg_count_scans;
    jpeg->progress = &reader->progress;
    if (header != NULL) {
      jpeg_configure(reader, header);
    } else {
      jpeg_read_pixels(reader, pixels, capacity);
    }
  }
  jpeg_destroy_decompress(jpeg);
}

int codec_jpeg_header(
    const uint8_t *bytes, size_t count, struct codec_header *header, struct codec_failure *failure) {
  struct jpeg_reader reader = {.count = count, .failure = failure};
  jpeg_run(&reader, bytes, header, NULL, 0);
  return reader.status;
}

int codec_jpeg_decode(
    const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, struct codec_failure *failure) {
  struct jpeg_reader reader = {.count = count, .failure = failure};
  jpeg_run(&reader, bytes, NULL, pixels, capacity);
  return reader.status;
}
