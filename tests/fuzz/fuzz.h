/** @file
 * The entry point that libFuzzer calls; replay.c calls it for each file of a corpus. */
#ifndef ADIT_TESTS_FUZZ_FUZZ_H
#define ADIT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** Run one input. Aborts when something does not hold. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
