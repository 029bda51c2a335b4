#include "intrinsics.h"

#if defined(__x86_64__)

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

struct registers {
  unsigned eax, ebx, ecx, edx;
};

static struct registers leaf(unsigned number, unsigned subleaf) {
  struct registers r = {0, 0, 0, 0};
  __get_cpuid_count(number, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

static bool all(unsigned value, unsigned bits) { return (value & bits) == bits; }

// The register states that the operating system saves, or 0 where it does not say (Intel SDM volume 1, section 13.3).
static unsigned saved_states(void) {
  if (!all(leaf(1, 0).ecx, bit_OSXSAVE)) return 0;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool processor_has_x86_64_v3(void) {
  const unsigned sse_and_avx = 0x06;
  const struct registers basic = leaf(1, 0), features = leaf(7, 0), extended = leaf(0x80000001, 0);
  return all(saved_states(), sse_and_avx) && all(basic.ecx, bit_AVX | bit_FMA | bit_F16C | bit_MOVBE | bit_SSE4_2) &&
         all(features.ebx, bit_AVX2 | bit_BMI | bit_BMI2) && all(extended.ecx, bit_LZCNT);
}

bool processor_has_x86_64_v4(void) {
  const unsigned masks_and_wide_registers = 0xe0;
  return processor_has_x86_64_v3() && all(saved_states(), masks_and_wide_registers) &&
         all(leaf(7, 0).ebx, bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL | bit_AVX512CD);
}

bool processor_has_avx512_vnni(void) {
  return processor_has_x86_64_v4() && all(leaf(7, 0).ecx, bit_AVX512VNNI);
}

bool processor_has_avx512_bf16(void) {
  // Leaf 7 tells in its first subleaf how many there are.
  return processor_has_avx512_vnni() && leaf(7, 0).eax >= 1 && all(leaf(7, 1).eax, bit_AVX512BF16);
}

bool processor_multiplies_bf16_fast(void) {
  const struct registers vendor = leaf(0, 0);
  const bool is_amd = vendor.ebx == signature_AMD_ebx && vendor.edx == signature_AMD_edx && vendor.ecx == signature_AMD_ecx;
  return is_amd && processor_has_avx512_bf16();
}

static bool matrix_tiles_are_permitted(void) {
#if defined(__linux__)
  const long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

bool processor_has_amx(void) {
  const unsigned tile_configuration_and_data = 0x60000;
  const unsigned bf16 = 1u << 22, tiles = 1u << 24, bytes = 1u << 25;
  return processor_has_avx512_bf16() && all(leaf(7, 0).edx, bf16 | tiles | bytes) &&
         all(saved_states(), tile_configuration_and_data) && matrix_tiles_are_permitted();
}

#else

bool processor_has_x86_64_v3(void) { return false; }
bool processor_has_x86_64_v4(void) { return false; }
bool processor_has_avx512_vnni(void) { return false; }
bool processor_has_avx512_bf16(void) { return false; }
bool processor_multiplies_bf16_fast(void) { return false; }
bool processor_has_amx(void) { return false; }

#endif
