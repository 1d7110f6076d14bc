/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * CL45Core: the dialect engine. Freestanding C99: no allocation, no lock, no clock, no system call, bounded work;
 * the only outside symbols are memcpy, memmove, memset and memcmp. The kernel module and the user-space tap compile
 * this same source.
 *
 * Returns are 0 or a count on success, -errno on failure. Buffers are borrowed for the call.
 *
 * A tag on the wire, tag_bytes long:
 *
 *     [identification 4][authenticator 8][label, zero-padded to tag_bytes - 12]
 *
 * identification = first 4 bytes of BLAKE2s(key = secret, "l45 ident" | epoch | direction | mark).
 * authenticator  = SipHash-2-4(key, input), key = first 16 bytes of BLAKE2s(key = secret, "l45 tag" | epoch | direction
 *                  | mark). The digest is 32 bytes long, epoch a u32 LE, direction one byte (enum l45_direction), mark
 *                  one byte: 'd' in a datagram, 's' before a frame of a stream, 'l' where a stream leaves its dialect.
 * Input of the authenticator:
 *   datagram: over plain length (u32 LE) and the first L45_COVER_BYTES (or fewer) bytes of the plain message;
 *             what L45_MASKED and L45_SHORT_DNS do to the rest of the message is undone before it is compared;
 *   stream:   over the plain offset of the frame (u64 LE); the frame's bytes are not covered, so that nothing has to
 *             be held back before it is delivered.
 * The label travels in the clear and is compared.
 *
 * Bounds are held equal to DialectBounds (L45Model) by a test.
 */
#ifndef L45_CORE_H
#define L45_CORE_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/errno.h>
#elif defined(L45_FREESTANDING)
#include <stddef.h>
#include <stdint.h>
/* Linux's numbers: a freestanding build has no errno.h. */
#define ENOENT 2
#define EINVAL 22
#define EBADMSG 74
#define EMSGSIZE 90
#else
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#endif

#define L45_SECRET_BYTES 32
#define L45_TAG_BYTES_MIN 12
#define L45_TAG_BYTES_MAX 64
#define L45_LABEL_BYTES_MAX 52
#define L45_COVER_BYTES 48
#define L45_OFFSET_MAX 1400
/* A message that was coded may come out longer than it was on the wire, tag left aside, by so many bytes. */
#define L45_CODING_SAVES_MAX 24
/* And one that has no short form is so many bytes longer. */
#define L45_CODING_ADDS_MAX 1
#define L45_FRAME_BYTES_MIN 16
#define L45_FRAME_BYTES_MAX (1u << 20)
/* Codecs that one socket's list may hold. */
#define L45_CODECS_MAX 16

enum l45_kind { L45_MONITOR = 0, L45_DATAGRAM = 1, L45_STREAM = 2 };
enum l45_place { L45_AT_FRONT = 0, L45_AT_OFFSET = 1, L45_AT_END = 2 };
/*
 * What is done to the message beside the tag; datagrams only.
 * L45_MASKED: XORed with the key stream of ChaCha20 (RFC 8439), key = BLAKE2s(key = secret, "l45 mask" | epoch | direction |
 * authenticator), 32 bytes, nonce and counter 0. Whoever looks on cannot read it; but it is not encrypted as TLS would do it:
 * two messages of one length that begin with the same L45_COVER_BYTES are masked alike.
 * L45_SHORT_DNS: a DNS query as a byte that says what it is, its id and its name; other messages behind a byte of 0.
 */
enum l45_coding { L45_AS_IT_IS = 0, L45_MASKED = 1, L45_SHORT_DNS = 2 };
/*
 * Where in a stream its dialect begins: with the first byte, or with the first TLS record of application data (in TLS
 * 1.3 all that is encrypted is sent as such), so that whoever looks on sees a handshake as it should be.
 */
enum l45_start { L45_FROM_FIRST_BYTE = 0, L45_AFTER_TLS_HANDSHAKE = 1 };
/* Who wrote the message: the end that opened the conversation, or the end that answers. */
enum l45_direction { L45_REQUEST = 0, L45_RESPONSE = 1 };

/* A dialect as declared. Plain data of fixed size: it stands so in shared memory and in netlink messages. */
struct l45_dialect {
	uint8_t kind;          /* enum l45_kind */
	uint8_t place;         /* enum l45_place; datagram only */
	uint8_t tag_bytes;     /* 12..64 */
	uint8_t label_bytes;   /* 0..52, at most tag_bytes - 12 */
	uint16_t offset;       /* 0..1400; L45_AT_OFFSET only */
	uint8_t start;         /* enum l45_start; stream only */
	uint8_t coding;        /* enum l45_coding; datagram only */
	uint32_t frame_bytes;  /* 16..1 MiB; stream only */
	uint32_t epoch;
	uint8_t label[L45_LABEL_BYTES_MAX];
	uint8_t secret[L45_SECRET_BYTES];
};

/* A dialect made ready: keys derived once. Immutable after l45_codec_prepare. */
struct l45_codec {
	struct l45_dialect dialect;
	uint8_t ident[2][4];        /* by direction */
	uint8_t leave_ident[2][4];  /* stream: "what follows this tag is plain, for good" */
	uint8_t key[2][16];
	uint8_t leave_key[2][16];
};

/*
 * 0, or -EINVAL when a field is out of its bounds (codec unchanged). Fields that the kind does not use are not looked
 * at. A codec of another kind than a call is for counts as none: it encodes to the same bytes and
 * recognises nothing.
 */
int l45_codec_prepare(struct l45_codec *codec, const struct l45_dialect *dialect);

/* ---- datagrams ---- */

/* Where the tag goes in a message of plain_bytes, coded if the dialect says so: 0..plain_bytes. */
size_t l45_datagram_position(const struct l45_codec *codec, size_t plain_bytes);

/*
 * Writes the tag of one message: cover = its first min(plain_bytes, L45_COVER_BYTES) bytes.
 * out has room for tag_bytes. Callers that scatter (sendmsg) place it themselves at l45_datagram_position, unless the
 * dialect has a coding: then the message is another on the wire, and l45_datagram_encode is for it.
 */
void l45_datagram_tag(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *cover,
		      size_t plain_bytes, uint8_t *out);

/*
 * Encodes in into out (apart). Returns the bytes written, or -EMSGSIZE when out_cap is below in_bytes + tag_bytes (and
 * L45_CODING_ADDS_MAX, with L45_SHORT_DNS).
 */
long l45_datagram_encode(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *in,
			 size_t in_bytes, uint8_t *out, size_t out_cap);

/*
 * Is this message in the dialect? Changes nothing. 0 yes; -ENOENT no (not ours: the next module's turn);
 * -EBADMSG our identification with a wrong authenticator or label.
 */
int l45_datagram_recognise(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *message,
			   size_t bytes);

/*
 * Recognises and removes the tag, in place. Returns the plain bytes, or refuses as above (message unchanged). With
 * L45_SHORT_DNS message has room for bytes + L45_CODING_SAVES_MAX.
 */
long l45_datagram_decode(const struct l45_codec *codec, enum l45_direction direction, uint8_t *message, size_t bytes);

/* ---- streams, sending ---- */

/*
 * Where a stream stands. UNDECIDED: not a byte has passed. PLAIN is for good. BROKEN (receivers only), also for good: a
 * tag was wrong, and what follows can not be told apart.
 */
enum l45_stream_mode { L45_UNDECIDED = 0, L45_PLAIN = 1, L45_FRAMED = 2, L45_BROKEN = 3 };

/*
 * The sender's place in its stream. Copy it to try, assign it to commit. All zero but direction = a new stream.
 * A tag is fixed when it is begun and stays so until its last byte is accepted, whatever the caller speaks by then.
 */
struct l45_stream_tx {
	uint64_t plain_offset;  /* plain bytes accepted so far */
	uint32_t frame_left;    /* plain bytes left in the frame under way; 0: a tag is due */
	uint8_t mode;           /* enum l45_stream_mode */
	uint8_t direction;      /* enum l45_direction */
	uint8_t tag_bytes;      /* of the tag under way; 0: none */
	uint8_t tag_done;       /* of it, already accepted */
	uint8_t leaving;        /* the tag under way says "plain from here" */
	uint8_t leave_bytes;    /* tag_bytes of the codec last spoken */
	uint8_t reserved[2];
	uint32_t tag_frame_bytes; /* frame_left once the tag under way is through */
	uint8_t leave_ident[4]; /* of the codec last spoken, so that the stream can leave it without the codec at hand */
	uint8_t leave_key[16];
	uint8_t tag[L45_TAG_BYTES_MAX]; /* the tag under way, or the last one */
};

/* A stretch of the wire. */
struct l45_segment {
	uint8_t is_tag;        /* 1: bytes of a tag, from tag[]; 0: plain bytes, from the application */
	uint32_t bytes;        /* 0 only when plain_bytes is */
	uint8_t tag[L45_TAG_BYTES_MAX]; /* bytes of it: what is left of the tag */
};

/*
 * The next stretch to put on the wire when the application still has plain_bytes (> 0) to send, and advance past it.
 * send = the codec to speak from the next frame boundary on, or NULL for none: a new stream then stays plain for good,
 * and a framed one leaves at its boundary, by a leave tag of the codec last spoken, and is plain from there for good.
 * A tag is given only when plain bytes follow it. plain_bytes 0 changes nothing.
 */
void l45_stream_tx_next(struct l45_stream_tx *tx, const struct l45_codec *send, uint64_t plain_bytes,
			struct l45_segment *segment);

/*
 * Commits wire_accepted bytes of what l45_stream_tx_next would give for plain_bytes, with the same send; may stop
 * inside a tag. 0 accepted changes nothing: a new stream stays undecided.
 * Returns the plain bytes among them: what the application is told.
 */
uint64_t l45_stream_tx_accept(struct l45_stream_tx *tx, const struct l45_codec *send, uint64_t plain_bytes,
			      uint64_t wire_accepted);

/*
 * Copying form. Returns wire bytes written to out (stops when it is full, perhaps inside a tag); *consumed = plain
 * bytes taken.
 */
size_t l45_stream_encode(struct l45_stream_tx *tx, const struct l45_codec *send, const uint8_t *in, size_t in_bytes,
			 uint8_t *out, size_t out_cap, size_t *consumed);

/* ---- streams, receiving ---- */

/*
 * The receiver's place. Copy it to peek. All zero but direction = a new stream. The list of codecs may change between
 * two calls, but for the codec whose tag is under way. A stream that ends with tag_done > 0 has lost nothing: a sender
 * is told of plain bytes only, and none of them came after the tag that was broken off.
 */
struct l45_stream_rx {
	uint64_t plain_offset;
	uint32_t frame_left;
	uint8_t mode;
	uint8_t direction;
	uint8_t tag_done;        /* bytes of the tag under way that have been read; they are in tag[] */
	uint8_t codec;           /* index in the list then given, of the last whole tag; the engine never reads it */
	uint8_t tag[L45_TAG_BYTES_MAX];
};

enum l45_opening { L45_OPENING_PLAIN = 0, L45_OPENING_FRAMED = 1, L45_OPENING_MORE = 2 };

/*
 * Looks at the first bytes of a stream (peeked, not consumed). PLAIN as soon as they cannot be a tag of any codec, by
 * the authenticator too when 12 bytes are there; FRAMED once 4 bytes of identification match (the caller sets rx->mode,
 * and they may then be consumed through rx_feed); MORE when too few bytes are there to tell.
 */
enum l45_opening l45_stream_opening(const struct l45_codec *const *codecs, size_t codec_count,
				    enum l45_direction direction, const uint8_t *bytes, size_t count);

/*
 * What comes next on the wire: tag bytes or plain bytes, and how many at most (never 0). PLAIN and UNDECIDED: plain,
 * UINT32_MAX. With codecs of different tag_bytes a tag is asked for in pieces: as much as the shortest that it may
 * still be needs.
 */
struct l45_expect {
	uint8_t is_tag;
	uint32_t bytes;
};
void l45_stream_rx_expect(const struct l45_stream_rx *rx, const struct l45_codec *const *codecs, size_t codec_count,
			  struct l45_expect *expect);

/*
 * Takes bytes tag bytes or plain bytes, as l45_stream_rx_expect said (no more than it said).
 * A completed tag is verified: 0; -EBADMSG as soon as it can be no tag of any codec at this offset (rx is BROKEN then).
 */
int l45_stream_rx_tag(struct l45_stream_rx *rx, const struct l45_codec *const *codecs, size_t codec_count,
		      const uint8_t *tag, uint32_t bytes);
void l45_stream_rx_plain(struct l45_stream_rx *rx, uint64_t bytes);

/*
 * Decodes wire bytes in place: tags are taken out, plain bytes moved together to the front.
 * *plain = bytes left. 0, or -EBADMSG with *plain = what came before the broken tag; what came after is lost.
 * In UNDECIDED mode the caller has settled the opening first (sets rx->mode); else the stream is taken to be plain.
 */
int l45_stream_rx_feed(struct l45_stream_rx *rx, const struct l45_codec *const *codecs, size_t codec_count,
		       uint8_t *bytes, size_t count, size_t *plain);

/*
 * The most wire bytes that carry no more than plain_bytes plain ones, whichever of the codecs each frame is in: reading
 * that much can never yield more than was asked for. At least plain_bytes, and above it by two tags at most: the stream
 * may leave its dialect at the next boundary.
 */
uint64_t l45_stream_rx_wire_bytes(const struct l45_stream_rx *rx, const struct l45_codec *const *codecs,
				  size_t codec_count, uint64_t plain_bytes);

/* ---- TLS records (RFC 8446, section 5.1) ---- */

/*
 * A place among the records of a plain stream: what has to be known to see where the next one begins. All zero = at a
 * boundary, where a stream with L45_AFTER_TLS_HANDSHAKE may open: to the engine it has its first byte there.
 */
struct l45_records {
	uint16_t at; /* 0 at a boundary; bytes left of the record under way; or how far in its header it stands */
};

/* L45_RECORD_FOREIGN: it is no TLS. */
enum l45_record { L45_RECORD_OTHER = 0, L45_RECORD_DATA = 1, L45_RECORD_FOREIGN = 2 };

/*
 * Moves over bytes up to where a record of application data begins, or over these too (through), and never past what is
 * no record. Returns how many bytes; *next = what stands there, or L45_RECORD_OTHER when it went over all of them.
 */
size_t l45_records_pass(struct l45_records *records, const uint8_t *bytes, size_t count, int through,
			enum l45_record *next);

/* The bytes that are sure to belong to the record, or the header of one, that is under way; 0 at a boundary. */
uint32_t l45_records_rest(const struct l45_records *records);

/* ---- the security check ---- */

/*
 * The orchestrator draws a challenge and seals it under the module's init_key; the module opens it, appends its id and
 * seals the whole under a nonce of its own. Whoever relays the two can neither read nor make them. On the wire:
 *
 *     challenge: [nonce 12][sealed challenge, 8..64][tag 16]
 *     answer:    [nonce 12][sealed challenge | mod_id u64 LE][tag 16]
 *
 * Sealed by ChaCha20-Poly1305 (RFC 8439), associated data "l45 check" and one byte (enum l45_check), so that neither can
 * stand for the other. That cipher and not AES: in general registers AES needs tables, which leak the key through the
 * cache, and a kernel may use the AES instructions only between guards that save the vector registers.
 */
#define L45_INIT_KEY_BYTES 32
#define L45_CHALLENGE_BYTES_MIN 8
#define L45_CHALLENGE_BYTES_MAX 64
/* What sealing adds: nonce and tag. */
#define L45_SEAL_BYTES 28
#define L45_ANSWER_BYTES_MAX 100 /* L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX + 8 of the id */

enum l45_check { L45_CHECK_CHALLENGE = 0, L45_CHECK_ANSWER = 1 };

/*
 * Answers a challenge of bytes bytes. nonce must be random, fresh for each answer. Returns the bytes written to answer
 * (bytes + 8; apart from challenge), or answer untouched: -EMSGSIZE when bytes is no challenge's length or answer_cap is
 * below bytes + 8, -EBADMSG when it was not sealed as a challenge under this key.
 */
long l45_respond(const uint8_t init_key[L45_INIT_KEY_BYTES], uint64_t mod_id, const uint8_t nonce[12],
		 const uint8_t *challenge, size_t bytes, uint8_t *answer, size_t answer_cap);

/*
 * Keys ratchet. Of each challenge that was answered both ends make the next key: BLAKE2s(key = the key it was sealed
 * under, "l45 check next" | mod_id u64 LE | challenge), 32 bytes. The challenge came sealed, so who knows init_key and
 * missed one round knows no later key.
 *
 * The orchestrator moves on when it has verified an answer. The module can not know whether its answer arrived: it keeps
 * the key that it last answered under and the one made then, and a challenge says by which of them it opens how far the
 * orchestrator is. init_key opens at any time: an orchestrator whose records are older than the module begins again with
 * it. Whether that is to be believed is the orchestrator's to judge, never the module's.
 */
struct l45_check_chain {
	uint8_t init[L45_INIT_KEY_BYTES];
	uint8_t sure[L45_INIT_KEY_BYTES]; /* the orchestrator had this one */
	uint8_t next[L45_INIT_KEY_BYTES]; /* it has this one, if the last answer reached it */
	uint64_t answered;                /* challenges, since the chain began */
	uint8_t begun;                    /* 0: all zero, no key yet */
	uint8_t reserved[7];
};

/* Begins a chain; one that has begun with this very key goes on as it is. */
void l45_check_begin(struct l45_check_chain *chain, const uint8_t init_key[L45_INIT_KEY_BYTES]);

/* As l45_respond, under the chain's keys, and takes the chain one step on. A refusal changes nothing. */
long l45_check_answer(struct l45_check_chain *chain, uint64_t mod_id, const uint8_t nonce[12],
		      const uint8_t *challenge, size_t bytes, uint8_t *answer, size_t answer_cap);

/* The key after this one. challenge: as drawn, L45_CHALLENGE_BYTES_MIN to _MAX bytes of it. */
void l45_check_next(const uint8_t key[L45_INIT_KEY_BYTES], uint64_t mod_id, const uint8_t *challenge, size_t bytes,
		    uint8_t next[L45_INIT_KEY_BYTES]);

/* ---- ChaCha20-Poly1305 (RFC 8439) ---- */

#define L45_AEAD_KEY_BYTES 32
#define L45_AEAD_NONCE_BYTES 12
#define L45_AEAD_TAG_BYTES 16

/*
 * Writes in_bytes + L45_AEAD_TAG_BYTES to out: ciphertext, then tag. in and out are the same or apart; ad and in may be
 * NULL when they are empty. in_bytes stays below 256 GiB, where the block counter ends.
 */
void l45_aead_seal(const uint8_t key[L45_AEAD_KEY_BYTES], const uint8_t nonce[L45_AEAD_NONCE_BYTES], const uint8_t *ad,
		   size_t ad_bytes, const uint8_t *in, size_t in_bytes, uint8_t *out);

/*
 * The way back: in = ciphertext, then tag. Returns the plain bytes written to out (in_bytes - L45_AEAD_TAG_BYTES), or
 * -EBADMSG with out untouched: the tag is compared first, in constant time.
 */
long l45_aead_open(const uint8_t key[L45_AEAD_KEY_BYTES], const uint8_t nonce[L45_AEAD_NONCE_BYTES], const uint8_t *ad,
		   size_t ad_bytes, const uint8_t *in, size_t in_bytes, uint8_t *out);

/* XORs the key stream from block counter on over in; the last block's counter must not pass 2^32 - 1. */
void l45_chacha20(const uint8_t key[L45_AEAD_KEY_BYTES], const uint8_t nonce[L45_AEAD_NONCE_BYTES], uint32_t counter,
		  const uint8_t *in, size_t bytes, uint8_t *out);

/* A running authenticator. In five limbs of 26 bits, so that 32 x 32 bit products are all it needs. */
struct l45_poly1305 {
	uint32_t r[5], h[5];
	uint8_t pad[16];
	uint8_t block[16]; /* bytes that do not fill a block yet */
	uint32_t held;     /* of them */
};
void l45_poly1305_begin(struct l45_poly1305 *state, const uint8_t key[32]);
void l45_poly1305_add(struct l45_poly1305 *state, const uint8_t *bytes, size_t count);
/* Wipes the state. */
void l45_poly1305_end(struct l45_poly1305 *state, uint8_t tag[L45_AEAD_TAG_BYTES]);

/* ---- primitives (RFC 7693; SipHash paper, appendix A), for the tests against published vectors ---- */
void l45_blake2s(uint8_t *out, size_t out_bytes, const uint8_t *key, size_t key_bytes, const uint8_t *in,
		 size_t in_bytes);
uint64_t l45_siphash24(const uint8_t key[16], const uint8_t *in, size_t in_bytes);

#endif
