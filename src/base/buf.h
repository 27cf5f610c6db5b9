/*
 * buf.h - growing bytes with a largest size.
 *
 * What it is:   what text and binary records are written into.
 * Promises:     once an append failed, all further ones do nothing, so that a writer checks once,
 *               at its end, with buf_ok.
 */
#ifndef TRICHTER_BUF_H
#define TRICHTER_BUF_H

#include "base/str.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t bytes_max;
	bool over;  /* would have grown past bytes_max */
	bool nomem; /* the system had none */
};

void buf_init(struct buf *b, size_t bytes_max);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* empty again, memory kept, failures forgotten */

/* Room for `n` more bytes, to be written by the caller, who then adds to b->n; NULL when failed. */
char *buf_room(struct buf *b, size_t n) MUST_CHECK;
void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, str s);
void buf_cstr(struct buf *b, const char *s);
void buf_byte(struct buf *b, uint8_t c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_u32(struct buf *b, uint32_t v);    /* little endian */
void buf_u64(struct buf *b, uint64_t v);    /* little endian */
void buf_varint(struct buf *b, uint64_t v); /* LEB128, 1 to 10 bytes */
void buf_zigzag(struct buf *b, int64_t v);  /* signed, small magnitudes short */
void buf_lenstr(struct buf *b, str s);	    /* varint length, then the bytes */

/* True when every append so far succeeded; otherwise says why in `e`. */
bool buf_ok(const struct buf *b, err *e) MUST_CHECK;
str buf_view(const struct buf *b);

/* Reading back: a cursor that stays at its end once something did not fit (`bad`). */
struct reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};
void reader_init(struct reader *r, const void *p, size_t n);
uint8_t reader_byte(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
uint64_t reader_varint(struct reader *r);
int64_t reader_zigzag(struct reader *r);
str reader_bytes(struct reader *r, uint64_t n); /* a view into what is read */
str reader_lenstr(struct reader *r);

#endif
