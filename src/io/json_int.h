/*
 * json_int.h - what the parser asks when simdjson has refused a document.
 */
#ifndef TRICHTER_JSON_INT_H
#define TRICHTER_JSON_INT_H

#include "io/json.h"

/* Reads the document by the grammar of RFC 8259. False: `e` names line, column and fault. True: it
 * is well-formed, and *wide_r integers in it do not fit 64 bits. */
bool json_check(str document, size_t *wide_r, err *e) MUST_CHECK;

/* Copies the document with "e0" behind each integer that does not fit 64 bits, so that it is read
 * as a real: at most 2 bytes more per such integer. `to` has room. Returns the length. */
size_t json_widen(str document, char *to);

#endif
