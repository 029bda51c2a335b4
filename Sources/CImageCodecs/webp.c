#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

// libwebp decodes into memory for the whole image, of at most 16,383 x 16,383 pixels.
struct webp_reader {
  struct codec_reader base;
  bool is_animated;
  uint8_t *pixels;
};

static int webp_fail(struct webp_reader *reader, VP8StatusCode status) {
  int code = codec_malformed;
  const char *message = "damaged image data";
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY:
    code = codec_out_of_memory;
    break;
  case VP8_STATUS_SUSPENDED:
  case VP8_STATUS_NOT_ENOUGH_DATA:
    code = codec_truncated;
    break;
  case VP8_STATUS_UNSUPPORTED_FEATURE:
    code = codec_unsupported;
    message = "a feature that libwebp does not know";
    break;
  default:
    break;
  }
  codec_fail(&reader->base, code, code == codec_truncated ? reader->base.count : 0, message);
  reader->base.failure->rows = -1;
  return code;
}

/// Decodes one image into a part of the pixels.
static int webp_decode(
    struct webp_reader *reader, const uint8_t *bytes, size_t count, uint8_t *pixels, int width, int height) {
  size_t stride = codec_row_bytes(&reader->base.header);
  size_t samples = stride / reader->base.header.width;
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) {
    return codec_fail(&reader->base, codec_unsupported, 0, "another version of libwebp than this was built for");
  }
  config.output.colorspace = samples == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = (int)stride;
  config.output.u.RGBA.size = stride * (size_t)(height - 1) + samples * (size_t)width;
  if (!reader->base.options.tolerant) {
    VP8StatusCode status = WebPDecode(bytes, count, &config);
    return status == VP8_STATUS_OK ? codec_success : webp_fail(reader, status);
  }
  // The incremental decoder leaves the rows that it reached.
  WebPIDecoder *decoder = WebPIDecode(NULL, 0, &config);
  if (decoder == NULL) {
    return webp_fail(reader, VP8_STATUS_OUT_OF_MEMORY);
  }
  VP8StatusCode status = WebPIUpdate(decoder, bytes, count);
  WebPIDelete(decoder);
  return status == VP8_STATUS_OUT_OF_MEMORY ? webp_fail(reader, status) : codec_success;
}

/// The first frame, on a transparent canvas.
static int webp_decode_first_frame(struct webp_reader *reader) {
  WebPData data = {reader->base.bytes, reader->base.count};
  WebPDemuxState state;
  WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
  if (demuxer == NULL) {
    return webp_fail(reader, VP8_STATUS_BITSTREAM_ERROR);
  }
  WebPIterator frame;
  int status = codec_success;
  if (!WebPDemuxGetFrame(demuxer, 1, &frame)) {
    status = webp_fail(reader, VP8_STATUS_NOT_ENOUGH_DATA);
  } else {
    uint32_t width = reader->base.header.width;
    uint32_t height = reader->base.header.height;
    if (frame.x_offset < 0 || frame.y_offset < 0 || frame.width <= 0 || frame.height <= 0
        || (uint32_t)frame.x_offset + (uint32_t)frame.width > width
        || (uint32_t)frame.y_offset + (uint32_t)frame.height > height) {
      status = codec_fail(&reader->base, codec_malformed, 0, "a frame outside the canvas");
    } else {
      size_t place = ((size_t)frame.y_offset * width + (size_t)frame.x_offset) * 4;
      status = webp_decode(
          reader, frame.fragment.bytes, frame.fragment.size, reader->pixels + place, frame.width, frame.height);
    }
    WebPDemuxReleaseIterator(&frame);
  }
  WebPDemuxDelete(demuxer);
  return status;
}

static int webp_read(struct codec_reader *base, uint8_t *rows, size_t stride, size_t count) {
  struct webp_reader *reader = (struct webp_reader *)base;
  size_t size = codec_row_bytes(&base->header);
  if (reader->pixels == NULL) {
    reader->pixels = calloc(base->header.height, size);
    if (reader->pixels == NULL) {
      return codec_fail(base, codec_out_of_memory, 0, "");
    }
    int status = reader->is_animated
        ? webp_decode_first_frame(reader)
        : webp_decode(reader, base->bytes, base->count, reader->pixels, (int)base->header.width,
                      (int)base->header.height);
    if (status != codec_success) {
      return status;
    }
  }
  for (size_t index = 0; index < count; ++index) {
    memcpy(rows + index * stride, reader->pixels + (base->row + index) * size, size);
  }
  base->row += count;
  return codec_success;
}

static void webp_close(struct codec_reader *base) {
  struct webp_reader *reader = (struct webp_reader *)base;
  free(reader->pixels);
  free(reader);
}

int codec_open_webp(
    const uint8_t *bytes, size_t count, struct codec_options options, struct codec_header *header,
    struct codec_reader **result, struct codec_failure *failure) {
  struct webp_reader *reader = codec_new_reader(sizeof *reader, bytes, count, options, failure);
  if (reader == NULL) {
    return codec_out_of_memory;
  }
  reader->base.read = webp_read;
  reader->base.close = webp_close;
  WebPBitstreamFeatures features;
  VP8StatusCode found = WebPGetFeatures(bytes, count, &features);
  int status = codec_success;
  if (found != VP8_STATUS_OK) {
    status = webp_fail(reader, found);
  } else {
    reader->is_animated = features.has_animation != 0;
    reader->base.header.width = (uint32_t)features.width;
    reader->base.header.height = (uint32_t)features.height;
    reader->base.header.layout = features.has_alpha || reader->is_animated ? codec_rgba : codec_rgb;
  }
  return codec_finish_open(&reader->base, status, header, result);
}
