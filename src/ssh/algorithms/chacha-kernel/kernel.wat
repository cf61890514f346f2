(module
  (type (func (param i32)))
  (type (func (param i32 i32) (result i32)))
  (memory 9 9)
  (export "head" (func 0))
  (export "body" (func 1))
  (export "memory" (memory 0))
  (func (type 0) (param i32)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 i32)
    i32.const 0
    i32.const 0
    v128.load offset=160 align=1
    local.get 0
    i32.const 8
    i32.rotl
    i32.const 16711935
    i32.and
    local.get 0
    i32.const 8
    i32.rotr
    i32.const -16711936
    i32.and
    i32.or
    i32x4.replace_lane 3
    v128.store offset=656 align=1
    i32.const 0
    v128.load offset=112 align=1
    local.set 1
    i32.const 0
    v128.load32_splat offset=32 align=1
    local.set 2
    i32.const 0
    v128.load32_splat offset=36 align=1
    local.set 3
    i32.const 0
    v128.load32_splat offset=40 align=1
    local.set 4
    i32.const 0
    v128.load32_splat offset=44 align=1
    local.set 5
    i32.const 0
    v128.load32_splat offset=416 align=1
    i32.const 0
    i32.load offset=448 align=1
    i32x4.replace_lane 0
    local.set 6
    i32.const 0
    v128.load32_splat offset=420 align=1
    i32.const 0
    i32.load offset=452 align=1
    i32x4.replace_lane 0
    local.set 7
    i32.const 0
    v128.load32_splat offset=424 align=1
    i32.const 0
    i32.load offset=456 align=1
    i32x4.replace_lane 0
    local.set 8
    i32.const 0
    v128.load32_splat offset=428 align=1
    i32.const 0
    i32.load offset=460 align=1
    i32x4.replace_lane 0
    local.set 9
    i32.const 0
    v128.load32_splat offset=432 align=1
    i32.const 0
    i32.load offset=464 align=1
    i32x4.replace_lane 0
    local.set 10
    i32.const 0
    v128.load32_splat offset=436 align=1
    i32.const 0
    i32.load offset=468 align=1
    i32x4.replace_lane 0
    local.set 11
    i32.const 0
    v128.load32_splat offset=440 align=1
    i32.const 0
    i32.load offset=472 align=1
    i32x4.replace_lane 0
    local.set 12
    i32.const 0
    v128.load32_splat offset=444 align=1
    i32.const 0
    i32.load offset=476 align=1
    i32x4.replace_lane 0
    local.set 13
    local.get 1
    local.set 14
    i32.const 0
    v128.load32_splat offset=660 align=1
    local.set 15
    i32.const 0
    i32.const 0
    v128.load32_splat offset=664 align=1
    v128.store offset=720 align=1
    i32.const 0
    i32.const 0
    v128.load32_splat offset=668 align=1
    v128.store offset=736 align=1
    i32.const 0
    v128.load offset=0 align=1
    local.set 16
    i32.const 0
    v128.load offset=16 align=1
    local.set 17
    i32.const 5
    local.set 19
    loop
      local.get 19
      if
        local.get 19
        i32.const 1
        i32.sub
        local.set 19
        local.get 2
        local.get 6
        i32x4.add
        local.set 2
        local.get 3
        local.get 7
        i32x4.add
        local.set 3
        local.get 14
        local.get 2
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 3
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 10
        local.get 14
        i32x4.add
        local.set 10
        local.get 11
        local.get 15
        i32x4.add
        local.set 11
        local.get 6
        local.get 10
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 6
        local.get 7
        local.get 11
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 2
        local.get 6
        i32x4.add
        local.set 2
        local.get 3
        local.get 7
        i32x4.add
        local.set 3
        local.get 14
        local.get 2
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 3
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 10
        local.get 14
        i32x4.add
        local.set 10
        local.get 11
        local.get 15
        i32x4.add
        local.set 11
        local.get 6
        local.get 10
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 6
        local.get 7
        local.get 11
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 7
        i32.const 0
        local.get 14
        v128.store offset=688 align=1
        i32.const 0
        local.get 15
        v128.store offset=704 align=1
        i32.const 0
        v128.load offset=720 align=1
        local.set 14
        i32.const 0
        v128.load offset=736 align=1
        local.set 15
        local.get 4
        local.get 8
        i32x4.add
        local.set 4
        local.get 5
        local.get 9
        i32x4.add
        local.set 5
        local.get 14
        local.get 4
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 5
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 12
        local.get 14
        i32x4.add
        local.set 12
        local.get 13
        local.get 15
        i32x4.add
        local.set 13
        local.get 8
        local.get 12
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 13
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 9
        local.get 4
        local.get 8
        i32x4.add
        local.set 4
        local.get 5
        local.get 9
        i32x4.add
        local.set 5
        local.get 14
        local.get 4
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 5
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 12
        local.get 14
        i32x4.add
        local.set 12
        local.get 13
        local.get 15
        i32x4.add
        local.set 13
        local.get 8
        local.get 12
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 13
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 9
        local.get 2
        local.get 7
        i32x4.add
        local.set 2
        local.get 5
        local.get 6
        i32x4.add
        local.set 5
        local.get 15
        local.get 2
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 14
        local.get 5
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 12
        local.get 15
        i32x4.add
        local.set 12
        local.get 11
        local.get 14
        i32x4.add
        local.set 11
        local.get 7
        local.get 12
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 6
        local.get 11
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 6
        local.get 2
        local.get 7
        i32x4.add
        local.set 2
        local.get 5
        local.get 6
        i32x4.add
        local.set 5
        local.get 15
        local.get 2
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 14
        local.get 5
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 12
        local.get 15
        i32x4.add
        local.set 12
        local.get 11
        local.get 14
        i32x4.add
        local.set 11
        local.get 7
        local.get 12
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 6
        local.get 11
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 6
        i32.const 0
        local.get 14
        v128.store offset=720 align=1
        i32.const 0
        local.get 15
        v128.store offset=736 align=1
        i32.const 0
        v128.load offset=688 align=1
        local.set 14
        i32.const 0
        v128.load offset=704 align=1
        local.set 15
        local.get 3
        local.get 8
        i32x4.add
        local.set 3
        local.get 4
        local.get 9
        i32x4.add
        local.set 4
        local.get 14
        local.get 3
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 4
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 13
        local.get 14
        i32x4.add
        local.set 13
        local.get 10
        local.get 15
        i32x4.add
        local.set 10
        local.get 8
        local.get 13
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 10
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 9
        local.get 3
        local.get 8
        i32x4.add
        local.set 3
        local.get 4
        local.get 9
        i32x4.add
        local.set 4
        local.get 14
        local.get 3
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 4
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 13
        local.get 14
        i32x4.add
        local.set 13
        local.get 10
        local.get 15
        i32x4.add
        local.set 10
        local.get 8
        local.get 13
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 10
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 9
        local.get 2
        local.get 6
        i32x4.add
        local.set 2
        local.get 3
        local.get 7
        i32x4.add
        local.set 3
        local.get 14
        local.get 2
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 3
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 10
        local.get 14
        i32x4.add
        local.set 10
        local.get 11
        local.get 15
        i32x4.add
        local.set 11
        local.get 6
        local.get 10
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 6
        local.get 7
        local.get 11
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 2
        local.get 6
        i32x4.add
        local.set 2
        local.get 3
        local.get 7
        i32x4.add
        local.set 3
        local.get 14
        local.get 2
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 3
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 10
        local.get 14
        i32x4.add
        local.set 10
        local.get 11
        local.get 15
        i32x4.add
        local.set 11
        local.get 6
        local.get 10
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 6
        local.get 7
        local.get 11
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 7
        i32.const 0
        local.get 14
        v128.store offset=688 align=1
        i32.const 0
        local.get 15
        v128.store offset=704 align=1
        i32.const 0
        v128.load offset=720 align=1
        local.set 14
        i32.const 0
        v128.load offset=736 align=1
        local.set 15
        local.get 4
        local.get 8
        i32x4.add
        local.set 4
        local.get 5
        local.get 9
        i32x4.add
        local.set 5
        local.get 14
        local.get 4
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 5
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 12
        local.get 14
        i32x4.add
        local.set 12
        local.get 13
        local.get 15
        i32x4.add
        local.set 13
        local.get 8
        local.get 12
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 13
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 9
        local.get 4
        local.get 8
        i32x4.add
        local.set 4
        local.get 5
        local.get 9
        i32x4.add
        local.set 5
        local.get 14
        local.get 4
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 5
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 12
        local.get 14
        i32x4.add
        local.set 12
        local.get 13
        local.get 15
        i32x4.add
        local.set 13
        local.get 8
        local.get 12
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 13
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 9
        local.get 2
        local.get 7
        i32x4.add
        local.set 2
        local.get 5
        local.get 6
        i32x4.add
        local.set 5
        local.get 15
        local.get 2
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 14
        local.get 5
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 12
        local.get 15
        i32x4.add
        local.set 12
        local.get 11
        local.get 14
        i32x4.add
        local.set 11
        local.get 7
        local.get 12
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 6
        local.get 11
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 6
        local.get 2
        local.get 7
        i32x4.add
        local.set 2
        local.get 5
        local.get 6
        i32x4.add
        local.set 5
        local.get 15
        local.get 2
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 14
        local.get 5
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 12
        local.get 15
        i32x4.add
        local.set 12
        local.get 11
        local.get 14
        i32x4.add
        local.set 11
        local.get 7
        local.get 12
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 6
        local.get 11
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 6
        i32.const 0
        local.get 14
        v128.store offset=720 align=1
        i32.const 0
        local.get 15
        v128.store offset=736 align=1
        i32.const 0
        v128.load offset=688 align=1
        local.set 14
        i32.const 0
        v128.load offset=704 align=1
        local.set 15
        local.get 3
        local.get 8
        i32x4.add
        local.set 3
        local.get 4
        local.get 9
        i32x4.add
        local.set 4
        local.get 14
        local.get 3
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 4
        v128.xor
        local.get 16
        i8x16.swizzle
        local.set 15
        local.get 13
        local.get 14
        i32x4.add
        local.set 13
        local.get 10
        local.get 15
        i32x4.add
        local.set 10
        local.get 8
        local.get 13
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 10
        v128.xor
        local.tee 18
        i32.const 12
        i32x4.shl
        local.get 18
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 9
        local.get 3
        local.get 8
        i32x4.add
        local.set 3
        local.get 4
        local.get 9
        i32x4.add
        local.set 4
        local.get 14
        local.get 3
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 14
        local.get 15
        local.get 4
        v128.xor
        local.get 17
        i8x16.swizzle
        local.set 15
        local.get 13
        local.get 14
        i32x4.add
        local.set 13
        local.get 10
        local.get 15
        i32x4.add
        local.set 10
        local.get 8
        local.get 13
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 8
        local.get 9
        local.get 10
        v128.xor
        local.tee 18
        i32.const 7
        i32x4.shl
        local.get 18
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 9
        br 1
      end
    end
    local.get 2
    local.get 3
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 18
    local.get 2
    local.get 3
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 3
    local.get 4
    local.get 5
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 2
    local.get 4
    local.get 5
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 5
    i32.const 0
    local.get 18
    local.get 2
    i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=480 align=1
    i32.const 0
    local.get 18
    local.get 2
    i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=496 align=1
    i32.const 0
    local.get 3
    local.get 5
    i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=528 align=1
    i32.const 0
    local.get 3
    local.get 5
    i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=592 align=1
    local.get 6
    local.get 7
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 18
    local.get 6
    local.get 7
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 7
    local.get 8
    local.get 9
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 6
    local.get 8
    local.get 9
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 9
    i32.const 0
    local.get 18
    local.get 6
    i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
    i32.const 0
    v128.load offset=416 align=1
    i32x4.add
    v128.store offset=512 align=1
    i32.const 0
    local.get 7
    local.get 9
    i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
    i32.const 0
    v128.load offset=416 align=1
    i32x4.add
    v128.store offset=544 align=1
    i32.const 0
    local.get 7
    local.get 9
    i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
    i32.const 0
    v128.load offset=416 align=1
    i32x4.add
    v128.store offset=608 align=1
    local.get 10
    local.get 11
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 18
    local.get 10
    local.get 11
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 11
    local.get 12
    local.get 13
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 10
    local.get 12
    local.get 13
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 13
    i32.const 0
    local.get 11
    local.get 13
    i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
    i32.const 0
    v128.load offset=432 align=1
    i32x4.add
    v128.store offset=560 align=1
    i32.const 0
    local.get 11
    local.get 13
    i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
    i32.const 0
    v128.load offset=432 align=1
    i32x4.add
    v128.store offset=624 align=1
    local.get 14
    local.get 1
    i32x4.add
    local.set 14
    i32.const 0
    v128.load offset=720 align=1
    local.set 2
    i32.const 0
    v128.load offset=736 align=1
    local.set 3
    local.get 14
    local.get 15
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 18
    local.get 14
    local.get 15
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 15
    local.get 2
    local.get 3
    i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
    local.set 14
    local.get 2
    local.get 3
    i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
    local.set 3
    i32.const 0
    local.get 15
    local.get 3
    i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
    i32.const 0
    v128.load offset=656 align=1
    i32x4.add
    v128.store offset=576 align=1
    i32.const 0
    local.get 15
    local.get 3
    i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
    i32.const 0
    v128.load offset=656 align=1
    i32x4.add
    v128.store offset=640 align=1
  )
  (func (type 1) (param i32 i32) (result i32)
    (local i32 i32 i32 i32 i32 i32 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    i32.const 0
    i64.load32_u offset=496 align=1
    i64.const 268435455
    i64.and
    local.set 32
    i32.const 0
    i64.load32_u offset=500 align=1
    i64.const 268435452
    i64.and
    local.set 33
    i32.const 0
    i64.load32_u offset=504 align=1
    i64.const 268435452
    i64.and
    local.set 34
    i32.const 0
    i64.load32_u offset=508 align=1
    i64.const 268435452
    i64.and
    local.set 35
    local.get 32
    local.get 32
    i64.const 2
    i64.shr_u
    i64.add
    local.set 36
    local.get 33
    local.get 33
    i64.const 2
    i64.shr_u
    i64.add
    local.set 37
    local.get 34
    local.get 34
    i64.const 2
    i64.shr_u
    i64.add
    local.set 38
    local.get 35
    local.get 35
    i64.const 2
    i64.shr_u
    i64.add
    local.set 39
    i64.const 4294967296
    local.set 44
    i32.const 160
    i32.const 1040
    local.get 1
    select
    local.set 2
    i32.const 263680
    i32.const 1040
    local.get 1
    select
    local.set 3
    local.get 1
    i32.eqz
    if
      i32.const 0
      i32.const 0
      i32.load offset=1036 align=1
      i32.const 0
      i32.load offset=480 align=1
      i32.xor
      i32.store offset=1036 align=1
    end
    local.get 3
    local.get 2
    v128.load offset=0 align=1
    i32.const 0
    v128.load offset=528 align=1
    v128.xor
    v128.store offset=0 align=1
    local.get 3
    local.get 2
    v128.load offset=16 align=1
    i32.const 0
    v128.load offset=544 align=1
    v128.xor
    v128.store offset=16 align=1
    local.get 3
    local.get 2
    v128.load offset=32 align=1
    i32.const 0
    v128.load offset=560 align=1
    v128.xor
    v128.store offset=32 align=1
    local.get 3
    local.get 2
    v128.load offset=48 align=1
    i32.const 0
    v128.load offset=576 align=1
    v128.xor
    v128.store offset=48 align=1
    local.get 3
    local.get 2
    v128.load offset=64 align=1
    i32.const 0
    v128.load offset=592 align=1
    v128.xor
    v128.store offset=64 align=1
    local.get 3
    local.get 2
    v128.load offset=80 align=1
    i32.const 0
    v128.load offset=608 align=1
    v128.xor
    v128.store offset=80 align=1
    local.get 3
    local.get 2
    v128.load offset=96 align=1
    i32.const 0
    v128.load offset=624 align=1
    v128.xor
    v128.store offset=96 align=1
    local.get 3
    local.get 2
    v128.load offset=112 align=1
    i32.const 0
    v128.load offset=640 align=1
    v128.xor
    v128.store offset=112 align=1
    local.get 2
    i32.const 0
    i32.const 128
    local.get 1
    select
    i32.add
    local.set 2
    local.get 3
    i32.const 128
    i32.add
    local.set 3
    local.get 4
    i32.const 128
    i32.add
    local.set 4
    i32.const 0
    v128.load offset=128 align=1
    local.set 8
    i32.const 1036
    local.set 5
    loop
      local.get 4
      local.get 0
      i32.lt_u
      if
        i32.const 0
        v128.load32_splat offset=32 align=1
        local.set 10
        i32.const 0
        v128.load32_splat offset=36 align=1
        local.set 11
        i32.const 0
        v128.load32_splat offset=40 align=1
        local.set 12
        i32.const 0
        v128.load32_splat offset=44 align=1
        local.set 13
        i32.const 0
        v128.load32_splat offset=416 align=1
        local.set 14
        i32.const 0
        v128.load32_splat offset=420 align=1
        local.set 15
        i32.const 0
        v128.load32_splat offset=424 align=1
        local.set 16
        i32.const 0
        v128.load32_splat offset=428 align=1
        local.set 17
        i32.const 0
        v128.load32_splat offset=432 align=1
        local.set 18
        i32.const 0
        v128.load32_splat offset=436 align=1
        local.set 19
        i32.const 0
        v128.load32_splat offset=440 align=1
        local.set 20
        i32.const 0
        v128.load32_splat offset=444 align=1
        local.set 21
        local.get 8
        local.set 22
        i32.const 0
        v128.load32_splat offset=660 align=1
        local.set 23
        i32.const 0
        i32.const 0
        v128.load32_splat offset=664 align=1
        v128.store offset=720 align=1
        i32.const 0
        i32.const 0
        v128.load32_splat offset=668 align=1
        v128.store offset=736 align=1
        i32.const 0
        v128.load offset=0 align=1
        local.set 24
        i32.const 0
        v128.load offset=16 align=1
        local.set 25
        i32.const 5
        local.set 27
        loop
          local.get 27
          if
            local.get 27
            i32.const 1
            i32.sub
            local.set 27
            local.get 10
            local.get 14
            i32x4.add
            local.set 10
            local.get 11
            local.get 15
            i32x4.add
            local.set 11
            local.get 22
            local.get 10
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 11
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 18
            local.get 22
            i32x4.add
            local.set 18
            local.get 19
            local.get 23
            i32x4.add
            local.set 19
            local.get 14
            local.get 18
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 14
            local.get 15
            local.get 19
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 10
            local.get 14
            i32x4.add
            local.set 10
            local.get 11
            local.get 15
            i32x4.add
            local.set 11
            local.get 22
            local.get 10
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 11
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 18
            local.get 22
            i32x4.add
            local.set 18
            local.get 19
            local.get 23
            i32x4.add
            local.set 19
            local.get 14
            local.get 18
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 14
            local.get 15
            local.get 19
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 15
            i32.const 0
            local.get 22
            v128.store offset=688 align=1
            i32.const 0
            local.get 23
            v128.store offset=704 align=1
            i32.const 0
            v128.load offset=720 align=1
            local.set 22
            i32.const 0
            v128.load offset=736 align=1
            local.set 23
            local.get 12
            local.get 16
            i32x4.add
            local.set 12
            local.get 13
            local.get 17
            i32x4.add
            local.set 13
            local.get 22
            local.get 12
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 13
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 20
            local.get 22
            i32x4.add
            local.set 20
            local.get 21
            local.get 23
            i32x4.add
            local.set 21
            local.get 16
            local.get 20
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 21
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 12
            local.get 16
            i32x4.add
            local.set 12
            local.get 13
            local.get 17
            i32x4.add
            local.set 13
            local.get 22
            local.get 12
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 13
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 20
            local.get 22
            i32x4.add
            local.set 20
            local.get 21
            local.get 23
            i32x4.add
            local.set 21
            local.get 16
            local.get 20
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 21
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 10
            local.get 15
            i32x4.add
            local.set 10
            local.get 13
            local.get 14
            i32x4.add
            local.set 13
            local.get 23
            local.get 10
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 22
            local.get 13
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 20
            local.get 23
            i32x4.add
            local.set 20
            local.get 19
            local.get 22
            i32x4.add
            local.set 19
            local.get 15
            local.get 20
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 14
            local.get 19
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 14
            local.get 10
            local.get 15
            i32x4.add
            local.set 10
            local.get 13
            local.get 14
            i32x4.add
            local.set 13
            local.get 23
            local.get 10
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 22
            local.get 13
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 20
            local.get 23
            i32x4.add
            local.set 20
            local.get 19
            local.get 22
            i32x4.add
            local.set 19
            local.get 15
            local.get 20
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 14
            local.get 19
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 14
            i32.const 0
            local.get 22
            v128.store offset=720 align=1
            i32.const 0
            local.get 23
            v128.store offset=736 align=1
            i32.const 0
            v128.load offset=688 align=1
            local.set 22
            i32.const 0
            v128.load offset=704 align=1
            local.set 23
            local.get 11
            local.get 16
            i32x4.add
            local.set 11
            local.get 12
            local.get 17
            i32x4.add
            local.set 12
            local.get 22
            local.get 11
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 12
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 21
            local.get 22
            i32x4.add
            local.set 21
            local.get 18
            local.get 23
            i32x4.add
            local.set 18
            local.get 16
            local.get 21
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 18
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 11
            local.get 16
            i32x4.add
            local.set 11
            local.get 12
            local.get 17
            i32x4.add
            local.set 12
            local.get 22
            local.get 11
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 12
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 21
            local.get 22
            i32x4.add
            local.set 21
            local.get 18
            local.get 23
            i32x4.add
            local.set 18
            local.get 16
            local.get 21
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 18
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 5
            local.get 4
            i32.const 1036
            i32.add
            i32.lt_u
            if
              local.get 28
              local.get 5
              i64.load32_u offset=0 align=1
              i64.add
              local.set 28
              local.get 29
              local.get 5
              i64.load32_u offset=4 align=1
              i64.add
              local.set 29
              local.get 30
              local.get 5
              i64.load32_u offset=8 align=1
              i64.add
              local.set 30
              local.get 31
              local.get 5
              i64.load32_u offset=12 align=1
              i64.add
              local.set 31
              local.get 31
              local.get 44
              i64.add
              local.set 31
              local.get 5
              i32.const 16
              i32.add
              local.set 5
              local.get 31
              local.get 37
              i64.mul
              local.get 30
              local.get 38
              i64.mul
              i64.add
              local.get 29
              local.get 39
              i64.mul
              i64.add
              local.get 28
              local.get 32
              i64.mul
              i64.add
              local.set 40
              local.get 31
              local.get 38
              i64.mul
              local.get 30
              local.get 39
              i64.mul
              i64.add
              local.get 29
              local.get 32
              i64.mul
              i64.add
              local.get 28
              local.get 33
              i64.mul
              i64.add
              local.set 41
              local.get 31
              local.get 39
              i64.mul
              local.get 30
              local.get 32
              i64.mul
              i64.add
              local.get 29
              local.get 33
              i64.mul
              i64.add
              local.get 28
              local.get 34
              i64.mul
              i64.add
              local.set 42
              local.get 31
              local.get 32
              i64.mul
              local.get 30
              local.get 33
              i64.mul
              i64.add
              local.get 29
              local.get 34
              i64.mul
              i64.add
              local.get 28
              local.get 35
              i64.mul
              i64.add
              local.set 43
              local.get 41
              local.get 40
              i64.const 32
              i64.shr_u
              i64.add
              local.set 41
              local.get 42
              local.get 41
              i64.const 32
              i64.shr_u
              i64.add
              local.set 42
              local.get 43
              local.get 42
              i64.const 32
              i64.shr_u
              i64.add
              local.set 43
              local.get 41
              i64.const 4294967295
              i64.and
              local.set 29
              local.get 42
              i64.const 4294967295
              i64.and
              local.set 30
              local.get 43
              i64.const 17179869183
              i64.and
              local.set 31
              local.get 43
              i64.const 34
              i64.shr_u
              local.set 43
              local.get 40
              i64.const 4294967295
              i64.and
              local.get 43
              i64.add
              local.get 43
              i64.const 2
              i64.shl
              i64.add
              local.set 28
              local.get 28
              local.get 5
              i64.load32_u offset=0 align=1
              i64.add
              local.set 28
              local.get 29
              local.get 5
              i64.load32_u offset=4 align=1
              i64.add
              local.set 29
              local.get 30
              local.get 5
              i64.load32_u offset=8 align=1
              i64.add
              local.set 30
              local.get 31
              local.get 5
              i64.load32_u offset=12 align=1
              i64.add
              local.set 31
              local.get 31
              local.get 44
              i64.add
              local.set 31
              local.get 5
              i32.const 16
              i32.add
              local.set 5
              local.get 31
              local.get 37
              i64.mul
              local.get 30
              local.get 38
              i64.mul
              i64.add
              local.get 29
              local.get 39
              i64.mul
              i64.add
              local.get 28
              local.get 32
              i64.mul
              i64.add
              local.set 40
              local.get 31
              local.get 38
              i64.mul
              local.get 30
              local.get 39
              i64.mul
              i64.add
              local.get 29
              local.get 32
              i64.mul
              i64.add
              local.get 28
              local.get 33
              i64.mul
              i64.add
              local.set 41
              local.get 31
              local.get 39
              i64.mul
              local.get 30
              local.get 32
              i64.mul
              i64.add
              local.get 29
              local.get 33
              i64.mul
              i64.add
              local.get 28
              local.get 34
              i64.mul
              i64.add
              local.set 42
              local.get 31
              local.get 32
              i64.mul
              local.get 30
              local.get 33
              i64.mul
              i64.add
              local.get 29
              local.get 34
              i64.mul
              i64.add
              local.get 28
              local.get 35
              i64.mul
              i64.add
              local.set 43
              local.get 41
              local.get 40
              i64.const 32
              i64.shr_u
              i64.add
              local.set 41
              local.get 42
              local.get 41
              i64.const 32
              i64.shr_u
              i64.add
              local.set 42
              local.get 43
              local.get 42
              i64.const 32
              i64.shr_u
              i64.add
              local.set 43
              local.get 41
              i64.const 4294967295
              i64.and
              local.set 29
              local.get 42
              i64.const 4294967295
              i64.and
              local.set 30
              local.get 43
              i64.const 17179869183
              i64.and
              local.set 31
              local.get 43
              i64.const 34
              i64.shr_u
              local.set 43
              local.get 40
              i64.const 4294967295
              i64.and
              local.get 43
              i64.add
              local.get 43
              i64.const 2
              i64.shl
              i64.add
              local.set 28
            end
            local.get 10
            local.get 14
            i32x4.add
            local.set 10
            local.get 11
            local.get 15
            i32x4.add
            local.set 11
            local.get 22
            local.get 10
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 11
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 18
            local.get 22
            i32x4.add
            local.set 18
            local.get 19
            local.get 23
            i32x4.add
            local.set 19
            local.get 14
            local.get 18
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 14
            local.get 15
            local.get 19
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 10
            local.get 14
            i32x4.add
            local.set 10
            local.get 11
            local.get 15
            i32x4.add
            local.set 11
            local.get 22
            local.get 10
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 11
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 18
            local.get 22
            i32x4.add
            local.set 18
            local.get 19
            local.get 23
            i32x4.add
            local.set 19
            local.get 14
            local.get 18
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 14
            local.get 15
            local.get 19
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 15
            i32.const 0
            local.get 22
            v128.store offset=688 align=1
            i32.const 0
            local.get 23
            v128.store offset=704 align=1
            i32.const 0
            v128.load offset=720 align=1
            local.set 22
            i32.const 0
            v128.load offset=736 align=1
            local.set 23
            local.get 12
            local.get 16
            i32x4.add
            local.set 12
            local.get 13
            local.get 17
            i32x4.add
            local.set 13
            local.get 22
            local.get 12
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 13
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 20
            local.get 22
            i32x4.add
            local.set 20
            local.get 21
            local.get 23
            i32x4.add
            local.set 21
            local.get 16
            local.get 20
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 21
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 12
            local.get 16
            i32x4.add
            local.set 12
            local.get 13
            local.get 17
            i32x4.add
            local.set 13
            local.get 22
            local.get 12
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 13
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 20
            local.get 22
            i32x4.add
            local.set 20
            local.get 21
            local.get 23
            i32x4.add
            local.set 21
            local.get 16
            local.get 20
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 21
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 10
            local.get 15
            i32x4.add
            local.set 10
            local.get 13
            local.get 14
            i32x4.add
            local.set 13
            local.get 23
            local.get 10
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 22
            local.get 13
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 20
            local.get 23
            i32x4.add
            local.set 20
            local.get 19
            local.get 22
            i32x4.add
            local.set 19
            local.get 15
            local.get 20
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 14
            local.get 19
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 14
            local.get 10
            local.get 15
            i32x4.add
            local.set 10
            local.get 13
            local.get 14
            i32x4.add
            local.set 13
            local.get 23
            local.get 10
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 22
            local.get 13
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 20
            local.get 23
            i32x4.add
            local.set 20
            local.get 19
            local.get 22
            i32x4.add
            local.set 19
            local.get 15
            local.get 20
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 14
            local.get 19
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 14
            i32.const 0
            local.get 22
            v128.store offset=720 align=1
            i32.const 0
            local.get 23
            v128.store offset=736 align=1
            i32.const 0
            v128.load offset=688 align=1
            local.set 22
            i32.const 0
            v128.load offset=704 align=1
            local.set 23
            local.get 11
            local.get 16
            i32x4.add
            local.set 11
            local.get 12
            local.get 17
            i32x4.add
            local.set 12
            local.get 22
            local.get 11
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 12
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 23
            local.get 21
            local.get 22
            i32x4.add
            local.set 21
            local.get 18
            local.get 23
            i32x4.add
            local.set 18
            local.get 16
            local.get 21
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 18
            v128.xor
            local.tee 26
            i32.const 12
            i32x4.shl
            local.get 26
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 11
            local.get 16
            i32x4.add
            local.set 11
            local.get 12
            local.get 17
            i32x4.add
            local.set 12
            local.get 22
            local.get 11
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 22
            local.get 23
            local.get 12
            v128.xor
            local.get 25
            i8x16.swizzle
            local.set 23
            local.get 21
            local.get 22
            i32x4.add
            local.set 21
            local.get 18
            local.get 23
            i32x4.add
            local.set 18
            local.get 16
            local.get 21
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 16
            local.get 17
            local.get 18
            v128.xor
            local.tee 26
            i32.const 7
            i32x4.shl
            local.get 26
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 17
            local.get 5
            local.get 4
            i32.const 1036
            i32.add
            i32.lt_u
            if
              local.get 28
              local.get 5
              i64.load32_u offset=0 align=1
              i64.add
              local.set 28
              local.get 29
              local.get 5
              i64.load32_u offset=4 align=1
              i64.add
              local.set 29
              local.get 30
              local.get 5
              i64.load32_u offset=8 align=1
              i64.add
              local.set 30
              local.get 31
              local.get 5
              i64.load32_u offset=12 align=1
              i64.add
              local.set 31
              local.get 31
              local.get 44
              i64.add
              local.set 31
              local.get 5
              i32.const 16
              i32.add
              local.set 5
              local.get 31
              local.get 37
              i64.mul
              local.get 30
              local.get 38
              i64.mul
              i64.add
              local.get 29
              local.get 39
              i64.mul
              i64.add
              local.get 28
              local.get 32
              i64.mul
              i64.add
              local.set 40
              local.get 31
              local.get 38
              i64.mul
              local.get 30
              local.get 39
              i64.mul
              i64.add
              local.get 29
              local.get 32
              i64.mul
              i64.add
              local.get 28
              local.get 33
              i64.mul
              i64.add
              local.set 41
              local.get 31
              local.get 39
              i64.mul
              local.get 30
              local.get 32
              i64.mul
              i64.add
              local.get 29
              local.get 33
              i64.mul
              i64.add
              local.get 28
              local.get 34
              i64.mul
              i64.add
              local.set 42
              local.get 31
              local.get 32
              i64.mul
              local.get 30
              local.get 33
              i64.mul
              i64.add
              local.get 29
              local.get 34
              i64.mul
              i64.add
              local.get 28
              local.get 35
              i64.mul
              i64.add
              local.set 43
              local.get 41
              local.get 40
              i64.const 32
              i64.shr_u
              i64.add
              local.set 41
              local.get 42
              local.get 41
              i64.const 32
              i64.shr_u
              i64.add
              local.set 42
              local.get 43
              local.get 42
              i64.const 32
              i64.shr_u
              i64.add
              local.set 43
              local.get 41
              i64.const 4294967295
              i64.and
              local.set 29
              local.get 42
              i64.const 4294967295
              i64.and
              local.set 30
              local.get 43
              i64.const 17179869183
              i64.and
              local.set 31
              local.get 43
              i64.const 34
              i64.shr_u
              local.set 43
              local.get 40
              i64.const 4294967295
              i64.and
              local.get 43
              i64.add
              local.get 43
              i64.const 2
              i64.shl
              i64.add
              local.set 28
              local.get 28
              local.get 5
              i64.load32_u offset=0 align=1
              i64.add
              local.set 28
              local.get 29
              local.get 5
              i64.load32_u offset=4 align=1
              i64.add
              local.set 29
              local.get 30
              local.get 5
              i64.load32_u offset=8 align=1
              i64.add
              local.set 30
              local.get 31
              local.get 5
              i64.load32_u offset=12 align=1
              i64.add
              local.set 31
              local.get 31
              local.get 44
              i64.add
              local.set 31
              local.get 5
              i32.const 16
              i32.add
              local.set 5
              local.get 31
              local.get 37
              i64.mul
              local.get 30
              local.get 38
              i64.mul
              i64.add
              local.get 29
              local.get 39
              i64.mul
              i64.add
              local.get 28
              local.get 32
              i64.mul
              i64.add
              local.set 40
              local.get 31
              local.get 38
              i64.mul
              local.get 30
              local.get 39
              i64.mul
              i64.add
              local.get 29
              local.get 32
              i64.mul
              i64.add
              local.get 28
              local.get 33
              i64.mul
              i64.add
              local.set 41
              local.get 31
              local.get 39
              i64.mul
              local.get 30
              local.get 32
              i64.mul
              i64.add
              local.get 29
              local.get 33
              i64.mul
              i64.add
              local.get 28
              local.get 34
              i64.mul
              i64.add
              local.set 42
              local.get 31
              local.get 32
              i64.mul
              local.get 30
              local.get 33
              i64.mul
              i64.add
              local.get 29
              local.get 34
              i64.mul
              i64.add
              local.get 28
              local.get 35
              i64.mul
              i64.add
              local.set 43
              local.get 41
              local.get 40
              i64.const 32
              i64.shr_u
              i64.add
              local.set 41
              local.get 42
              local.get 41
              i64.const 32
              i64.shr_u
              i64.add
              local.set 42
              local.get 43
              local.get 42
              i64.const 32
              i64.shr_u
              i64.add
              local.set 43
              local.get 41
              i64.const 4294967295
              i64.and
              local.set 29
              local.get 42
              i64.const 4294967295
              i64.and
              local.set 30
              local.get 43
              i64.const 17179869183
              i64.and
              local.set 31
              local.get 43
              i64.const 34
              i64.shr_u
              local.set 43
              local.get 40
              i64.const 4294967295
              i64.and
              local.get 43
              i64.add
              local.get 43
              i64.const 2
              i64.shl
              i64.add
              local.set 28
            end
            br 1
          end
        end
        local.get 10
        local.get 11
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 26
        local.get 10
        local.get 11
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 11
        local.get 12
        local.get 13
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 10
        local.get 12
        local.get 13
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 13
        local.get 3
        local.get 2
        v128.load offset=0 align=1
        local.get 26
        local.get 10
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=32 align=1
        i32x4.add
        v128.xor
        v128.store offset=0 align=1
        local.get 3
        local.get 2
        v128.load offset=64 align=1
        local.get 26
        local.get 10
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=32 align=1
        i32x4.add
        v128.xor
        v128.store offset=64 align=1
        local.get 3
        local.get 2
        v128.load offset=128 align=1
        local.get 11
        local.get 13
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=32 align=1
        i32x4.add
        v128.xor
        v128.store offset=128 align=1
        local.get 3
        local.get 2
        v128.load offset=192 align=1
        local.get 11
        local.get 13
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=32 align=1
        i32x4.add
        v128.xor
        v128.store offset=192 align=1
        local.get 14
        local.get 15
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 26
        local.get 14
        local.get 15
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 15
        local.get 16
        local.get 17
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 14
        local.get 16
        local.get 17
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 17
        local.get 3
        local.get 2
        v128.load offset=16 align=1
        local.get 26
        local.get 14
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=416 align=1
        i32x4.add
        v128.xor
        v128.store offset=16 align=1
        local.get 3
        local.get 2
        v128.load offset=80 align=1
        local.get 26
        local.get 14
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=416 align=1
        i32x4.add
        v128.xor
        v128.store offset=80 align=1
        local.get 3
        local.get 2
        v128.load offset=144 align=1
        local.get 15
        local.get 17
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=416 align=1
        i32x4.add
        v128.xor
        v128.store offset=144 align=1
        local.get 3
        local.get 2
        v128.load offset=208 align=1
        local.get 15
        local.get 17
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=416 align=1
        i32x4.add
        v128.xor
        v128.store offset=208 align=1
        local.get 18
        local.get 19
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 26
        local.get 18
        local.get 19
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 19
        local.get 20
        local.get 21
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 18
        local.get 20
        local.get 21
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 21
        local.get 3
        local.get 2
        v128.load offset=32 align=1
        local.get 26
        local.get 18
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=432 align=1
        i32x4.add
        v128.xor
        v128.store offset=32 align=1
        local.get 3
        local.get 2
        v128.load offset=96 align=1
        local.get 26
        local.get 18
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=432 align=1
        i32x4.add
        v128.xor
        v128.store offset=96 align=1
        local.get 3
        local.get 2
        v128.load offset=160 align=1
        local.get 19
        local.get 21
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=432 align=1
        i32x4.add
        v128.xor
        v128.store offset=160 align=1
        local.get 3
        local.get 2
        v128.load offset=224 align=1
        local.get 19
        local.get 21
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=432 align=1
        i32x4.add
        v128.xor
        v128.store offset=224 align=1
        local.get 22
        local.get 8
        i32x4.add
        local.set 22
        i32.const 0
        v128.load offset=720 align=1
        local.set 10
        i32.const 0
        v128.load offset=736 align=1
        local.set 11
        local.get 22
        local.get 23
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 26
        local.get 22
        local.get 23
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 23
        local.get 10
        local.get 11
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.set 22
        local.get 10
        local.get 11
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        local.set 11
        local.get 3
        local.get 2
        v128.load offset=48 align=1
        local.get 26
        local.get 22
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=656 align=1
        i32x4.add
        v128.xor
        v128.store offset=48 align=1
        local.get 3
        local.get 2
        v128.load offset=112 align=1
        local.get 26
        local.get 22
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=656 align=1
        i32x4.add
        v128.xor
        v128.store offset=112 align=1
        local.get 3
        local.get 2
        v128.load offset=176 align=1
        local.get 23
        local.get 11
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        i32.const 0
        v128.load offset=656 align=1
        i32x4.add
        v128.xor
        v128.store offset=176 align=1
        local.get 3
        local.get 2
        v128.load offset=240 align=1
        local.get 23
        local.get 11
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32.const 0
        v128.load offset=656 align=1
        i32x4.add
        v128.xor
        v128.store offset=240 align=1
        local.get 2
        i32.const 0
        i32.const 256
        local.get 1
        select
        i32.add
        local.set 2
        local.get 3
        i32.const 256
        i32.add
        local.set 3
        local.get 4
        i32.const 256
        i32.add
        local.set 4
        local.get 8
        i32.const 0
        v128.load offset=144 align=1
        i32x4.add
        local.set 8
        br 1
      end
    end
    local.get 0
    i32.const 1040
    i32.add
    local.set 6
    loop
      local.get 5
      local.get 6
      i32.lt_u
      if
        local.get 6
        local.get 5
        i32.sub
        i32.const 16
        i32.lt_u
        if
          i32.const 0
          local.get 5
          v128.load offset=0 align=1
          i32.const 16
          local.get 6
          local.get 5
          i32.sub
          i32.sub
          v128.load offset=48 align=1
          v128.and
          i32.const 16
          local.get 6
          local.get 5
          i32.sub
          i32.sub
          v128.load offset=80 align=1
          v128.or
          v128.store offset=672 align=1
          i32.const 672
          local.set 5
          i32.const 688
          local.set 6
          i64.const 0
          local.set 44
        end
        local.get 28
        local.get 5
        i64.load32_u offset=0 align=1
        i64.add
        local.set 28
        local.get 29
        local.get 5
        i64.load32_u offset=4 align=1
        i64.add
        local.set 29
        local.get 30
        local.get 5
        i64.load32_u offset=8 align=1
        i64.add
        local.set 30
        local.get 31
        local.get 5
        i64.load32_u offset=12 align=1
        i64.add
        local.set 31
        local.get 31
        local.get 44
        i64.add
        local.set 31
        local.get 5
        i32.const 16
        i32.add
        local.set 5
        local.get 31
        local.get 37
        i64.mul
        local.get 30
        local.get 38
        i64.mul
        i64.add
        local.get 29
        local.get 39
        i64.mul
        i64.add
        local.get 28
        local.get 32
        i64.mul
        i64.add
        local.set 40
        local.get 31
        local.get 38
        i64.mul
        local.get 30
        local.get 39
        i64.mul
        i64.add
        local.get 29
        local.get 32
        i64.mul
        i64.add
        local.get 28
        local.get 33
        i64.mul
        i64.add
        local.set 41
        local.get 31
        local.get 39
        i64.mul
        local.get 30
        local.get 32
        i64.mul
        i64.add
        local.get 29
        local.get 33
        i64.mul
        i64.add
        local.get 28
        local.get 34
        i64.mul
        i64.add
        local.set 42
        local.get 31
        local.get 32
        i64.mul
        local.get 30
        local.get 33
        i64.mul
        i64.add
        local.get 29
        local.get 34
        i64.mul
        i64.add
        local.get 28
        local.get 35
        i64.mul
        i64.add
        local.set 43
        local.get 41
        local.get 40
        i64.const 32
        i64.shr_u
        i64.add
        local.set 41
        local.get 42
        local.get 41
        i64.const 32
        i64.shr_u
        i64.add
        local.set 42
        local.get 43
        local.get 42
        i64.const 32
        i64.shr_u
        i64.add
        local.set 43
        local.get 41
        i64.const 4294967295
        i64.and
        local.set 29
        local.get 42
        i64.const 4294967295
        i64.and
        local.set 30
        local.get 43
        i64.const 17179869183
        i64.and
        local.set 31
        local.get 43
        i64.const 34
        i64.shr_u
        local.set 43
        local.get 40
        i64.const 4294967295
        i64.and
        local.get 43
        i64.add
        local.get 43
        i64.const 2
        i64.shl
        i64.add
        local.set 28
        br 1
      end
    end
    local.get 29
    local.get 28
    i64.const 32
    i64.shr_u
    i64.add
    local.set 29
    local.get 28
    i64.const 4294967295
    i64.and
    local.set 28
    local.get 30
    local.get 29
    i64.const 32
    i64.shr_u
    i64.add
    local.set 30
    local.get 29
    i64.const 4294967295
    i64.and
    local.set 29
    local.get 31
    local.get 30
    i64.const 32
    i64.shr_u
    i64.add
    local.set 31
    local.get 30
    i64.const 4294967295
    i64.and
    local.set 30
    local.get 28
    i64.const 5
    i64.add
    local.set 40
    local.get 29
    local.get 40
    i64.const 32
    i64.shr_u
    i64.add
    local.set 41
    local.get 30
    local.get 41
    i64.const 32
    i64.shr_u
    i64.add
    local.set 42
    local.get 31
    local.get 42
    i64.const 32
    i64.shr_u
    i64.add
    local.set 43
    i64.const 0
    local.get 43
    i64.const 34
    i64.shr_u
    i64.sub
    local.set 44
    local.get 28
    local.get 28
    local.get 40
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 44
    i64.and
    i64.xor
    local.set 28
    local.get 29
    local.get 29
    local.get 41
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 44
    i64.and
    i64.xor
    local.set 29
    local.get 30
    local.get 30
    local.get 42
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 44
    i64.and
    i64.xor
    local.set 30
    local.get 31
    local.get 31
    local.get 43
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 44
    i64.and
    i64.xor
    local.set 31
    local.get 28
    i32.const 0
    i64.load32_u offset=512 align=1
    i64.add
    local.set 28
    local.get 29
    i32.const 0
    i64.load32_u offset=516 align=1
    local.get 28
    i64.const 32
    i64.shr_u
    i64.add
    i64.add
    local.set 29
    local.get 30
    i32.const 0
    i64.load32_u offset=520 align=1
    local.get 29
    i64.const 32
    i64.shr_u
    i64.add
    i64.add
    local.set 30
    local.get 31
    i32.const 0
    i64.load32_u offset=524 align=1
    local.get 30
    i64.const 32
    i64.shr_u
    i64.add
    i64.add
    local.set 31
    local.get 0
    i32.const 1040
    i32.add
    local.set 6
    local.get 1
    i32.eqz
    if
      local.get 6
      local.get 28
      i64.store32 offset=0 align=1
      local.get 6
      local.get 29
      i64.store32 offset=4 align=1
      local.get 6
      local.get 30
      i64.store32 offset=8 align=1
      local.get 6
      local.get 31
      i64.store32 offset=12 align=1
    end
    local.get 28
    i64.const 4294967295
    i64.and
    local.get 6
    i64.load32_u offset=0 align=1
    i64.xor
    local.get 29
    i64.const 4294967295
    i64.and
    local.get 6
    i64.load32_u offset=4 align=1
    i64.xor
    i64.or
    local.get 30
    i64.const 4294967295
    i64.and
    local.get 6
    i64.load32_u offset=8 align=1
    i64.xor
    i64.or
    local.get 31
    i64.const 4294967295
    i64.and
    local.get 6
    i64.load32_u offset=12 align=1
    i64.xor
    i64.or
    i64.eqz
    local.set 7
    local.get 1
    local.get 7
    i32.and
    if
      i32.const 0
      i32.const 0
      i32.load offset=1036 align=1
      i32.const 0
      i32.load offset=480 align=1
      i32.xor
      i32.store offset=1036 align=1
      i32.const 0
      local.set 4
      loop
        local.get 4
        local.get 0
        i32.lt_u
        if
          local.get 4
          local.get 4
          v128.load offset=1040 align=1
          local.get 4
          v128.load offset=263680 align=1
          v128.xor
          v128.store offset=1040 align=1
          local.get 4
          i32.const 16
          i32.add
          local.set 4
          br 1
        end
      end
    end
    i32.const 0
    v128.load offset=160 align=1
    local.set 9
    i32.const 0
    local.get 9
    v128.store offset=416 align=1
    i32.const 0
    local.get 9
    v128.store offset=432 align=1
    i32.const 0
    local.get 9
    v128.store offset=448 align=1
    i32.const 0
    local.get 9
    v128.store offset=464 align=1
    i32.const 0
    local.get 9
    v128.store offset=480 align=1
    i32.const 0
    local.get 9
    v128.store offset=496 align=1
    i32.const 0
    local.get 9
    v128.store offset=512 align=1
    i32.const 0
    local.get 9
    v128.store offset=528 align=1
    i32.const 0
    local.get 9
    v128.store offset=544 align=1
    i32.const 0
    local.get 9
    v128.store offset=560 align=1
    i32.const 0
    local.get 9
    v128.store offset=576 align=1
    i32.const 0
    local.get 9
    v128.store offset=592 align=1
    i32.const 0
    local.get 9
    v128.store offset=608 align=1
    i32.const 0
    local.get 9
    v128.store offset=624 align=1
    i32.const 0
    local.get 9
    v128.store offset=640 align=1
    i32.const 0
    local.get 9
    v128.store offset=656 align=1
    i32.const 0
    local.get 9
    v128.store offset=672 align=1
    i32.const 0
    local.get 9
    v128.store offset=688 align=1
    i32.const 0
    local.get 9
    v128.store offset=704 align=1
    i32.const 0
    local.get 9
    v128.store offset=720 align=1
    i32.const 0
    local.get 9
    v128.store offset=736 align=1
    local.get 7
  )
  (data (i32.const 0) "\02\03\00\01\06\07\04\05\0a\0b\08\09\0e\0f\0c\0d\03\00\01\02\07\04\05\06\0b\08\09\0a\0f\0c\0d\0e\65\78\70\61\6e\64\20\33\32\2d\62\79\74\65\20\6b\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00\05\00\00\00\06\00\00\00\04\00\00\00\04\00\00\00\04\00\00\00\04\00\00\00")
)
