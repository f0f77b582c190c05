package main

import "os"

// doubleClicked reports whether the Finder started this process.
func doubleClicked() bool {
	folder, _ := os.Getwd()
	home, _ := os.UserHomeDir()
	return byFinder(os.Args[0], folder, home, isTerminal(os.Stdin), os.Getppid())
}
