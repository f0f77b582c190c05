package journal

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// networkTypes are file systems on which neither locks nor flushes can be
// relied on: the magic numbers of statfs(2).
var networkTypes = map[int64]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x01021997: "9P",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x73757245: "Coda",
	0x564c:     "NCP",
	0x47504653: "GPFS",
	0x01161970: "GFS2",
	0x7461636f: "OCFS2",
}

// local refuses a folder on a network file system.
func local(folder string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return err
	}
	if name, ok := networkTypes[int64(uint32(s.Type))]; ok {
		return fmt.Errorf("%w (%s is on %s)", ErrNetwork, folder, name)
	}
	return nil
}
