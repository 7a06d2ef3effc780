package audio

import (
	"encoding/binary"
	"math"
)

// decoder gives what turns the bytes of one sample into -1 to 1; nil if there
// is no such sample. Samples are whole containers: one of fewer valid bits is
// padded at its low end.
func decoder(codec uint16, size int) func([]byte) float32 {
	switch {
	case codec == codecPCM && size == 1:
		return func(b []byte) float32 { return (float32(b[0]) - 128) / 128 }
	case codec == codecPCM && size == 2:
		return func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15) }
	case codec == codecPCM && size == 3:
		return func(b []byte) float32 {
			return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
		}
	case codec == codecPCM && size == 4:
		return func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 31) }
	case codec == codecFloat && size == 4:
		return func(b []byte) float32 { return finite(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))) }
	case codec == codecFloat && size == 8:
		return func(b []byte) float32 { return finite(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	case codec == codecALaw && size == 1:
		return lookup(aLaw)
	case codec == codecMuLaw && size == 1:
		return lookup(muLaw)
	}
	return nil
}

// finite keeps what a broken encoder wrote within the range.
func finite(x float64) float32 {
	if math.IsNaN(x) {
		return 0
	}
	return float32(max(-1, min(1, x)))
}

func lookup(law func(byte) int16) func([]byte) float32 {
	var table [256]float32
	for i := range table {
		table[i] = float32(law(byte(i))) / (1 << 15)
	}
	return func(b []byte) float32 { return table[b[0]] }
}

// muLaw expands a byte of ITU-T G.711 µ-law.
func muLaw(b byte) int16 {
	b = ^b
	magnitude := (int16(b&0x0F)<<3+0x84)<<(b>>4&0x07) - 0x84
	if b&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

// aLaw expands a byte of ITU-T G.711 A-law.
func aLaw(b byte) int16 {
	b ^= 0x55
	magnitude := int16(b&0x0F)<<4 + 8
	if exponent := b >> 4 & 0x07; exponent > 0 {
		magnitude = (magnitude + 0x100) << (exponent - 1)
	}
	if b&0x80 == 0 {
		return -magnitude
	}
	return magnitude
}
