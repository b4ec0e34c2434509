"""The names that no variable of a circuit may have, since Brian2 or a C++ compiler uses them.

A circuit's variables keep their names in the generated code, where a keyword of the language or a macro of the C library
would have its own meaning.
"""

from __future__ import annotations

import errno
import re
import signal

__all__ = ["SHADOWED", "why_reserved"]

SHADOWED = frozenset({"order", "name", "when", "active", "clock", "state", "indices", "start", "stop", "variables"})
"""Names that Brian2 accepts for variables of units and of synapses, and then shadows."""

CPP_WORDS = frozenset(
    """
    alignas alignof and_eq asm auto bitand bitor bool case catch char char16_t char32_t char8_t co_await co_return co_yield
    compl concept const const_cast consteval constexpr constinit decltype default delete do double dynamic_cast enum
    explicit export extern final float friend goto inline int long mutable namespace new noexcept not_eq nullptr operator
    or_eq override private protected public register reinterpret_cast requires short signed sizeof static static_assert
    static_cast struct switch template this thread_local throw true false typedef typeid typename typeof union unsigned using
    virtual void volatile wchar_t xor xor_eq
    """.split()
)
"""Keywords of C++ that are not keywords of Python."""

C_FUNCTIONS = frozenset("acos asin atan fabs fmin fmax pow std brian recircuit".split())
"""Functions and namespaces that generated code uses under names that an equation does not use."""

CUDA_WORDS = frozenset("threadIdx blockIdx blockDim gridDim warpSize".split())

C_MACROS = frozenset(
    """
    ACCESSPERMS ALLPERMS BIG_ENDIAN BUFSIZ BYTE_ORDER CLOCKS_PER_SEC CSIGNAL DECIMAL_DIG DEFFILEMODE EOF EXIT_FAILURE
    EXIT_SUCCESS FAPPEND FASYNC FFSYNC FNDELAY FNONBLOCK INFINITY LITTLE_ENDIAN MAXFLOAT MINSIGSTKSZ NAN NFDBITS NGREG
    NSIG EHWPOISON NULL NZERO PDP_ENDIAN PIPE_BUF P_tmpdir SIGSTKSZ TIME_UTC TIMER_ABSTIME TEMP_FAILURE_RETRY
    WCONTINUED WEOF WEXITED WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WNOHANG WNOWAIT WORD_BIT
    WSTOPPED WSTOPSIG WTERMSIG WUNTRACED alloca errno issubnormal isnan isinf isfinite isnormal signbit linux
    math_errhandling offsetof sigmask stderr stdin stdout strdupa strndupa unix
    """.split()
)
_FAMILIES = (
    "ADJ AIO AT ATOMIC BC BUS CHAR CLD CLOCK CLONE CLOSE CPU DBL DN FALLOC FD FLT FP FPE HUGE ILL INT INT8 INT16 INT32 "
    "INT64 INTMAX INTPTR LC LDBL LLONG LOCK LONG MADV MAP MATH MCL MFD MLOCK MOD MREMAP MS NL PKEY POLL POSIX PR PROT PTHREAD "
    "PTRDIFF REG RENAME RWF RWH SA SCHAR SCHED SEEK SEGV SHRT SI SIG SIGEV SPLICE SS STA STATX STDERR STDIN STDOUT SYNC "
    "SYSCALL TRAP UINT UINT8 UINT16 UINT32 UINT64 UINTMAX ULONG UTIME WCHAR WINT XATTR"
).split()
_MACRO = re.compile(
    rf"(?:{'|'.join(_FAMILIES)})_[A-Z0-9_]+|M_(?:\d_)?(?:PI|E|LN|LOG|SQRT)\w*|[A-Z][A-Z_]*_(?:MAX|MIN|WIDTH)"
    r"|S_(?:I|BLK|TYPE)[A-Z]+|F_(?:GET|SET|SEAL|OFD|ADD|DUPFD)\w*|[FRWX]_(?:OK|LOCK|TEST|TLOCK|ULOCK|RDLCK|WRLCK|UNLCK|"
    r"EXLCK|SHLCK|NOTIFY|OWNER_\w+|CANCELLK)|O_[A-Z]{4,}|L_(?:ctermid|cuserid|tmpnam|SET|INCR|XTND)|S?NANF?\d*X?|SNANL|MAX_(?:CANON|HANDLE_SZ|INPUT)"
    r"|(?:be|le)\d+toh|hto[bl]e\d+|(?:pthread|sa|sched|si|sigev|st)_[a-z_]+|(?:u?int(?:_fast|_least)?\d+|s?size|ptrdiff|time|double|float|u?intptr|u?intmax)_t"
)


def why_reserved(name: str) -> str | None:
    """Return why a variable cannot have this name, or None if it can."""
    if not name.isascii():
        return "names are of plain letters (a to z), digits and _; write the name out, as in alpha"
    if name in CPP_WORDS:
        return "it is a word of C++, in which circuits are compiled"
    if name in C_FUNCTIONS or name in CUDA_WORDS or name in C_MACROS or name in _SYSTEM or _MACRO.fullmatch(name):
        return "the C library, with which circuits are compiled, uses it for something of its own"
    return None


_SYSTEM = frozenset({*errno.errorcode.values(), *(n for n in dir(errno) + dir(signal) if n.startswith(("E", "SIG")))})
"""The names of error numbers and signals."""
