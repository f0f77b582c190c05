package journal

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// local refuses a folder on a network file system.
func local(folder string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return err
	}
	if s.Flags&unix.MNT_LOCAL == 0 {
		return fmt.Errorf("%w (%s is not on a local disk)", ErrNetwork, folder)
	}
	return nil
}
