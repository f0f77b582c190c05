//go:build !windows && !darwin

package main

// doubleClicked: here a program without a terminal shows nothing that could be
// clicked; who wants the page says billmark serve.
func doubleClicked() bool { return false }
