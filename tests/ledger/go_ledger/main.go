// Command go_ledger checks a ledger's tiles, records and proofs with Go's own sumdb/note and sumdb/tlog.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

// asked is what the caller trusts, and what it made and wants checked.
type asked struct {
	Vkey    string
	Witness string
	Pinned  []struct {
		Size int64
		Root []byte
	}
	Inclusion []struct {
		Index int64
		Path  [][]byte
	}
	Consistency []struct {
		First int64
		Path  [][]byte
	}
}

// tiles reads C2SP tiles of height 8 from a folder, whose paths have no element for the height.
type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		content, err := read(t.folder, path, tile.W*tlog.HashSize)
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

// read returns a tile of so many bytes, from the full one where the partial one has gone.
func read(folder, path string, size int) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(folder, path))
	if errors.Is(err, os.ErrNotExist) {
		full, _, _ := strings.Cut(path, ".p/")
		content, err = os.ReadFile(filepath.Join(folder, full))
	}
	if err == nil && len(content) < size {
		err = fmt.Errorf("%s is short", path)
	}
	if err != nil || size == 0 {
		return content, err
	}
	return content[:size], nil
}

// witness verifies cosignature/v1 lines, which sumdb/note leaves to its caller.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(message, signature []byte) bool {
	if len(signature) != 72 {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, message)
	return ed25519.Verify(w.key, []byte(signed), signature[8:])
}

func newWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("not a verifier key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 4 {
		return nil, fmt.Errorf("not a witness's key")
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	return witness{parts[0], binary.BigEndian.Uint32(id[:]), ed25519.PublicKey(raw[1:])}, nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go_ledger LEDGER ASKED")
		os.Exit(2)
	}
	if err := verify(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verify(folder, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var given asked
	if err := json.Unmarshal(content, &given); err != nil {
		return err
	}
	tree, err := checkpoint(folder, given)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles{folder})
	leaves, err := records(folder, tree.N)
	if err != nil {
		return err
	}
	if err := compare(reader, tree, leaves); err != nil {
		return err
	}
	if err := extends(reader, tree, given); err != nil {
		return err
	}
	if err := proofs(tree, leaves, given); err != nil {
		return err
	}
	fmt.Println(tree.N, tree.Hash)
	return nil
}

func checkpoint(folder string, given asked) (tlog.Tree, error) {
	var none tlog.Tree
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return none, err
	}
	verifier, err := note.NewVerifier(given.Vkey)
	if err != nil {
		return none, err
	}
	known := []note.Verifier{verifier}
	if given.Witness != "" {
		cosigner, err := newWitness(given.Witness)
		if err != nil {
			return none, err
		}
		known = append(known, cosigner)
	}
	opened, err := note.Open(message, note.VerifierList(known...))
	if err != nil {
		return none, err
	}
	signed := map[string]bool{}
	for _, one := range opened.Sigs {
		signed[one.Name] = true
	}
	if len(signed) != len(known) {
		return none, fmt.Errorf("not signed by all of %d", len(known))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return none, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return none, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// records returns the hashes of all entries in the bundles.
func records(folder string, size int64) ([]tlog.Hash, error) {
	var leaves []tlog.Hash
	for start := int64(0); start < size; start += width {
		tile := tlog.Tile{H: 8, L: -1, N: start / width, W: int(min(width, size-start))}
		bundle, err := read(folder, strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1), 0)
		if err != nil {
			return nil, err
		}
		for n := 0; n < tile.W; n++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("bundle %d is short", tile.N)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			leaves = append(leaves, tlog.RecordHash(bundle[2:end]))
			bundle = bundle[end:]
		}
	}
	return leaves, nil
}

// compare reads every leaf through tiles that tlog has authenticated against the root.
func compare(reader tlog.HashReader, tree tlog.Tree, leaves []tlog.Hash) error {
	for index := range leaves {
		stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
		if err != nil {
			return err
		}
		if stored[0] != leaves[index] {
			return fmt.Errorf("record %d is not the one in the tree", index)
		}
		if index%97 == 0 {
			proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), leaves[index]); err != nil {
				return err
			}
		}
	}
	return nil
}

func extends(reader tlog.HashReader, tree tlog.Tree, given asked) error {
	for _, one := range given.Pinned {
		proof, err := tlog.ProveTree(tree.N, one.Size, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, one.Size, tlog.Hash(one.Root)); err != nil {
			return fmt.Errorf("tree of %d: %w", one.Size, err)
		}
	}
	return nil
}

// proofs checks what the caller made: inclusion of records, and consistency with what it pinned.
func proofs(tree tlog.Tree, leaves []tlog.Hash, given asked) error {
	for _, one := range given.Inclusion {
		err := tlog.CheckRecord(path(one.Path), tree.N, tree.Hash, one.Index, leaves[one.Index])
		if err != nil {
			return fmt.Errorf("record %d: %w", one.Index, err)
		}
	}
	for number, one := range given.Consistency {
		root := tlog.Hash(given.Pinned[number].Root)
		if err := tlog.CheckTree(path(one.Path), tree.N, tree.Hash, one.First, root); err != nil {
			return fmt.Errorf("tree of %d: %w", one.First, err)
		}
	}
	return nil
}

func path(raw [][]byte) []tlog.Hash {
	found := make([]tlog.Hash, 0, len(raw))
	for _, one := range raw {
		found = append(found, tlog.Hash(one))
	}
	return found
}
