//go:build !linux && !darwin && !windows

package journal

// local cannot tell on this system.
func local(string) error { return nil }
