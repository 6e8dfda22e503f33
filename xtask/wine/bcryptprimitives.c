/* The one function of bcryptprimitives.dll that Rust's library calls. Wine 8 has no such DLL; Wine 9 and Windows do. */
#include <windows.h>

/* RtlGenRandom under its exported name. */
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T len) {
    return SystemFunction036(data, (ULONG)len) ? TRUE : FALSE;
}
