/* c.h - the whole of Nacre for C and for every language that calls C.
 *
 * ERRORS     a function that can fail returns nacre_status*: NULL is success; anything else must be
 *            given to nacre_status_free(). Outputs are untouched on failure.
 * OWNERSHIP  what a function named *_open, *_new or *_get makes is the caller's, who gives it to
 * the
 *            *_free or *_close of its kind. All of these accept NULL. Snapshots, cursors and values
 *            may be freed after their store was closed.
 * STRINGS    bytes with a length; they may hold zeros and need no terminator. Data that is handed
 * in is only used during the call. Views that are handed out live as long as their comment says.
 * THREADS    a store may be used from any number of threads; a batch, a cursor or an options object
 *            by one at a time.
 */
#ifndef NACRE_C_H_
#define NACRE_C_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NACRE_C_API __attribute__((visibility("default")))

typedef struct nacre_status nacre_status;
typedef struct nacre_options nacre_options;
typedef struct nacre_db nacre_db;
typedef struct nacre_batch nacre_batch;
typedef struct nacre_value nacre_value;
typedef struct nacre_snapshot nacre_snapshot;
typedef struct nacre_cursor nacre_cursor;

typedef struct {
  const char* data;
  size_t size;
} nacre_str;

/* The kinds of failure; the numbers are those of nacre::Code. */
typedef enum {
  NACRE_OK = 0,
  NACRE_IO = 1,
  NACRE_NO_SPACE = 2,
  NACRE_CORRUPTION = 3,
  NACRE_INVALID = 4,
  NACRE_NOT_FOUND = 5,
  NACRE_LOCKED = 6,
  NACRE_READ_ONLY = 7,
  NACRE_CLOSED = 8,
  NACRE_UNSUPPORTED = 9
} nacre_code;

/* How safe a write is when it returns; see docs/durability.md. */
typedef enum {
  NACRE_DEFAULT = 0, /* as the option "durability" says */
  NACRE_DISK = 1,    /* survives a power cut */
  NACRE_OS = 2,      /* survives the death of the process */
  NACRE_MEMORY = 3   /* survives neither until the next flush, sync or close */
} nacre_durability;

/* -- Status -------------------------------------------------------------------------------- */

/* NACRE_OK for NULL. */
NACRE_C_API nacre_code nacre_status_code(const nacre_status* status);
/* Zero-terminated, valid until the status is freed; "" for NULL. */
NACRE_C_API const char* nacre_status_message(const nacre_status* status);
NACRE_C_API void nacre_status_free(nacre_status* status);

/* -- Options ------------------------------------------------------------------------------- */

NACRE_C_API nacre_options* nacre_options_new(void);
/* Sets one option from text: the names are those of nacre/options.h. Sizes take KiB, MiB and GiB
 * ("memory_bytes" "512MiB"), switches "true" and "false", enumerations the lower-case names
 * ("durability" "os", "compression" "zstd"), times "250ms". NACRE_INVALID for an unknown name or a
 * value that can't be read. */
NACRE_C_API nacre_status* nacre_options_set(nacre_options* options, const char* name,
                                            const char* value);
NACRE_C_API void nacre_options_free(nacre_options* options);

/* -- Store --------------------------------------------------------------------------------- */

/* `options` may be NULL for the defaults; they are copied. */
NACRE_C_API nacre_status* nacre_open(const char* path, const nacre_options* options, nacre_db** db);
/* Frees the handle even when it fails. */
NACRE_C_API nacre_status* nacre_close(nacre_db* db);
NACRE_C_API nacre_status* nacre_destroy(const char* path);

NACRE_C_API nacre_status* nacre_put(nacre_db* db, nacre_str key, nacre_str value,
                                    nacre_durability durability);
NACRE_C_API nacre_status* nacre_remove(nacre_db* db, nacre_str key, nacre_durability durability);
NACRE_C_API nacre_status* nacre_write(nacre_db* db, const nacre_batch* batch,
                                      nacre_durability durability);
NACRE_C_API nacre_status* nacre_sync(nacre_db* db);

/* *value is NULL when the key is absent. `snapshot` may be NULL: the store as it is now. */
NACRE_C_API nacre_status* nacre_get(const nacre_db* db, nacre_str key,
                                    const nacre_snapshot* snapshot, nacre_value** value);
/* One value, or NULL, for each of `count` keys, all from one moment. */
NACRE_C_API nacre_status* nacre_multi_get(const nacre_db* db, const nacre_str* keys, size_t count,
                                          const nacre_snapshot* snapshot, nacre_value** values);
/* Valid until the value is freed. */
NACRE_C_API nacre_str nacre_value_bytes(const nacre_value* value);
NACRE_C_API void nacre_value_free(nacre_value* value);

NACRE_C_API nacre_status* nacre_flush(nacre_db* db);
/* Bounds with NULL data are open; `upper` is exclusive. */
NACRE_C_API nacre_status* nacre_compact(nacre_db* db, nacre_str lower, nacre_str upper);
NACRE_C_API nacre_status* nacre_wait_idle(nacre_db* db);
NACRE_C_API nacre_status* nacre_approximate_size(const nacre_db* db, nacre_str lower,
                                                 nacre_str upper, uint64_t* bytes);
/* Success when every byte of every live file is as it was written, else the first damage. */
NACRE_C_API nacre_status* nacre_verify(const nacre_db* db);
/* Success, or the lasting error that made the store read-only. */
NACRE_C_API nacre_status* nacre_health(const nacre_db* db);
NACRE_C_API nacre_status* nacre_resume(nacre_db* db);
/* Statistics as text, for people. */
NACRE_C_API nacre_status* nacre_stats_text(const nacre_db* db, nacre_value** text);

/* -- Batch --------------------------------------------------------------------------------- */

NACRE_C_API nacre_batch* nacre_batch_new(void);
NACRE_C_API nacre_status* nacre_batch_put(nacre_batch* batch, nacre_str key, nacre_str value);
NACRE_C_API nacre_status* nacre_batch_remove(nacre_batch* batch, nacre_str key);
NACRE_C_API void nacre_batch_clear(nacre_batch* batch);
NACRE_C_API uint32_t nacre_batch_count(const nacre_batch* batch);
NACRE_C_API void nacre_batch_free(nacre_batch* batch);

/* -- Snapshot ------------------------------------------------------------------------------ */

NACRE_C_API nacre_status* nacre_snapshot_new(const nacre_db* db, nacre_snapshot** snapshot);
NACRE_C_API void nacre_snapshot_free(nacre_snapshot* snapshot);

/* -- Cursor -------------------------------------------------------------------------------- */

/* Over lower <= key < upper; bounds with NULL data are open. Stands on nothing until it is moved.
 */
NACRE_C_API nacre_status* nacre_cursor_new(const nacre_db* db, nacre_str lower, nacre_str upper,
                                           const nacre_snapshot* snapshot, nacre_cursor** cursor);
NACRE_C_API void nacre_cursor_free(nacre_cursor* cursor);
NACRE_C_API void nacre_cursor_first(nacre_cursor* cursor);
NACRE_C_API void nacre_cursor_last(nacre_cursor* cursor);
/* To the first key >= key. */
NACRE_C_API void nacre_cursor_seek(nacre_cursor* cursor, nacre_str key);
/* To the last key <= key. */
NACRE_C_API void nacre_cursor_seek_for_prev(nacre_cursor* cursor, nacre_str key);
/* 1 while the cursor stands on an entry. The next four need that. */
NACRE_C_API int nacre_cursor_valid(const nacre_cursor* cursor);
NACRE_C_API void nacre_cursor_next(nacre_cursor* cursor);
NACRE_C_API void nacre_cursor_prev(nacre_cursor* cursor);
/* Valid until the cursor moves. */
NACRE_C_API nacre_str nacre_cursor_key(const nacre_cursor* cursor);
NACRE_C_API nacre_str nacre_cursor_value(const nacre_cursor* cursor);
/* Success, or why the cursor stands on nothing although the range may hold more. Ask at the end. */
NACRE_C_API nacre_status* nacre_cursor_status(const nacre_cursor* cursor);
/* Copies up to `max` entries, from the current one on, into memory of the cursor, moves past them,
 * and returns how many: far fewer calls for languages in which a call is dear. The views are valid
 * until the cursor is used again. 0 is the end or an error: see nacre_cursor_status(). */
NACRE_C_API size_t nacre_cursor_next_many(nacre_cursor* cursor, size_t max, nacre_str* keys,
                                          nacre_str* values);

/* "0.1.0" */
NACRE_C_API const char* nacre_version(void);

#ifdef __cplusplus
}
#endif

#endif /* NACRE_C_H_ */
