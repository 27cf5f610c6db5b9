/*
 * wire_int.h - the calls of a journal as bytes, for commands beside a running server.
 *
 * What it is:   frames over a local stream socket (DIR/sock): four bytes of length, then one call
 * or one answer. Both ends are one version of the program; the first frame says which.
 * Promises:     a frame is bounded; bytes that are no call are an error, never a wrong call.
 */
#ifndef TRICHTER_JOURNAL_WIRE_INT_H
#define TRICHTER_JOURNAL_WIRE_INT_H

#include "journal/journal.h"

#define WIRE_FRAME_BYTES_MAX (256 * MIB)
#define WIRE_SOCKET_NAME     "sock"

enum wire_call {
	WIRE_HELLO = 1, /* version */
	WIRE_BATCH,
	WIRE_IMPORT_BEGIN, /* state -> import */
	WIRE_IMPORT_CLOSE, /* import, state */
	WIRE_IMPORT_UNDO,  /* import -> touches, subjects */
	WIRE_CONFIG,	   /* name, value, by; import 1: the name must be new */
	WIRE_CONFIG_EACH,  /* -> text: every value that holds, secrets included */
	WIRE_FLUSH,
	WIRE_ERASE, /* import: the person's number; by -> touches, profiles */
};

/* Every call has one shape, so that one function writes it and one reads it. */
struct wire_request {
	enum wire_call call;
	struct batch batch;
	struct intake *items; /* of batch, decoded: in the arena */
	uint64_t import;
	str name, text, by;
};
struct wire_reply {
	bool ok;
	err e;
	uint64_t a, b; /* import; touches and subjects */
	str text;
};

/* Writes a whole frame, its length included. */
bool wire_put_request(struct buf *b, const struct wire_request *r, err *e) MUST_CHECK;
/* `items`: of a batch that was carried out, with their outcomes; NULL otherwise. */
bool wire_put_reply(struct buf *b, const struct wire_reply *r, const struct intake *items, size_t n,
		    err *e) MUST_CHECK;
/* From the frame behind its length; texts point into it. */
bool wire_get_request(str frame, struct arena *a, struct wire_request *r, err *e) MUST_CHECK;
/* Puts outcomes into `items`; reasons are kept in `reasons`. */
bool wire_get_reply(str frame, struct wire_reply *r, struct intake *items, size_t n,
		    struct arena *reasons, err *e) MUST_CHECK;

/* The next frame of a socket; *more_r false: the other end has closed it. ERR_IO, ERR_LIMIT. */
bool wire_read(int fd, struct buf *frame, bool *more_r, err *e) MUST_CHECK;
bool wire_write(int fd, str bytes, err *e) MUST_CHECK;

/* A socket at DIR/sock, whatever the length of DIR's path: listening (an old one is removed; only
 * its owner may connect), or connected. ERR_NOT_FOUND: nobody listens there. */
bool wire_listen(const char *dir, int *fd_r, err *e) MUST_CHECK;
bool wire_connect(const char *dir, int *fd_r, err *e) MUST_CHECK;

#endif
