//go:build !race && (amd64 || arm64)

package client

func tellWrite(uintptr) {}
func tellRead(uintptr)  {}
