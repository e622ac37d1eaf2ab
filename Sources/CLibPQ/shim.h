#ifndef CLIBPQ_SHIM_H
#define CLIBPQ_SHIM_H

#include <libpq-fe.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// The flags are an enumeration that Swift imports apart from the function's argument.
static inline int clibpq_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Functions with a variable number of arguments are not, either.
static inline void clibpq_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// Without this libpq writes the server's notices to the standard error.
static inline void clibpq_ignore_notice(void *argument, const char *message) { (void)argument, (void)message; }
static inline void clibpq_ignore_notices(PGconn *connection) {
    PQsetNoticeProcessor(connection, clibpq_ignore_notice, 0);
}

#endif
