package journal

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// local refuses a folder on a network drive.
func local(folder string) error {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	volume := filepath.VolumeName(abs)
	root, err := windows.UTF16PtrFromString(volume + `\`)
	if err != nil {
		return err
	}
	if strings.HasPrefix(volume, `\\`) || windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return fmt.Errorf("%w (%s is on a network drive)", ErrNetwork, folder)
	}
	return nil
}
