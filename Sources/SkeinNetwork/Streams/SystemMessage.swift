internal import Glibc

/// What the system calls an error.
func systemMessage(_ number: Int32) -> String { String(cString: strerror(number)) }
