#pragma once
#include <hdf5.h>
#include <stdbool.h>

// What Swift cannot import from hdf5.h: constants that are macros around a call, and functions that are
// macros over a versioned name (their structures differ between HDF5 1.10, 1.12 and 1.14).

static inline hid_t chdf5_file_access_class(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline bool chdf5_address_is_defined(haddr_t address) { return address != HADDR_UNDEF; }

static inline hid_t chdf5_open_read_only(const char *name, hid_t access) {
  return H5Fopen(name, H5F_ACC_RDONLY, access);
}

/// Makes a file in memory or, with `H5P_DEFAULT`, on disk, replacing one that is there.
static inline hid_t chdf5_create(const char *name, hid_t access) {
  return H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, access);
}

/// Stops the library from printing errors, and from loading filters from files.
static inline void chdf5_silence(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
}

typedef void (*chdf5_error_visitor)(void *context, const char *description);
typedef int (*chdf5_name_visitor)(void *context, const char *name, bool is_hard_link);

struct chdf5_error_walk { chdf5_error_visitor visit; void *context; };
struct chdf5_name_walk { chdf5_name_visitor visit; void *context; };

static inline herr_t chdf5_visit_error(unsigned index, const H5E_error2_t *error, void *walk) {
  struct chdf5_error_walk *to = (struct chdf5_error_walk *)walk;
  (void)index;
  to->visit(to->context, error->desc);
  return 0;
}

/// Visits the messages of the current error stack, the innermost first.
static inline void chdf5_walk_errors(void *context, chdf5_error_visitor visit) {
  struct chdf5_error_walk walk = {visit, context};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, chdf5_visit_error, &walk);
}

static inline herr_t chdf5_visit_link(hid_t group, const char *name, const H5L_info_t *info, void *walk) {
  struct chdf5_name_walk *to = (struct chdf5_name_walk *)walk;
  (void)group;
  return to->visit(to->context, name, info->type == H5L_TYPE_HARD);
}

/// Visits a group's links without following them, until the visitor returns other than 0.
static inline herr_t chdf5_walk_links(hid_t group, void *context, chdf5_name_visitor visit) {
  struct chdf5_name_walk walk = {visit, context};
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, chdf5_visit_link, &walk);
}

static inline herr_t chdf5_visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *walk) {
  struct chdf5_name_walk *to = (struct chdf5_name_walk *)walk;
  (void)object;
  (void)info;
  return to->visit(to->context, name, true);
}

/// Visits the names of an object's attributes, until the visitor returns other than 0.
static inline herr_t chdf5_walk_attributes(hid_t object, void *context, chdf5_name_visitor visit) {
  struct chdf5_name_walk walk = {visit, context};
  return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, chdf5_visit_attribute, &walk);
}

static inline hid_t chdf5_dataset_creation_class(void) { return H5P_DATASET_CREATE; }

static inline herr_t chdf5_copy_references(
    hid_t source, hid_t destination, H5T_cdata_t *data, size_t count, size_t buffer_stride, size_t background_stride,
    void *buffer, void *background, hid_t transfer) {
  (void)source; (void)destination; (void)count; (void)buffer_stride; (void)background_stride;
  (void)buffer; (void)background; (void)transfer;
  if (data->command == H5T_CONV_INIT) data->need_bkg = H5T_BKG_NO;
  return 0;
}

/// Reads the references of an attribute of variable-length strings as they are in the file, `size` bytes each: the
/// length and the place of the text. To leave bytes as they are is no conversion that the library knows, so it is
/// registered.
static inline herr_t chdf5_read_references(hid_t attribute, hid_t type, size_t size, void *buffer) {
  hid_t raw = H5Tcreate(H5T_OPAQUE, size);
  if (raw < 0) return -1;
  herr_t status = H5Tregister(H5T_PERS_SOFT, "references", type, raw, chdf5_copy_references);
  if (status >= 0) status = H5Aread(attribute, raw, buffer);
  H5Tunregister(H5T_PERS_SOFT, "references", type, raw, chdf5_copy_references);
  H5Tclose(raw);
  return status;
}
