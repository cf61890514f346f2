(module
  (type (func (param i32)))
  (type (func (param i32 i32) (result i32)))
  (memory 9 9)
  (export "head" (func 0))
  (export "body" (func 1))
  (export "memory" (memory 0))
  (func (type 0) (param i32)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 i32 v128 v128 v128)
    i32.const 0
    v128.load offset=0 align=1
    local.set 19
    i32.const 0
    v128.load offset=16 align=1
    local.set 20
    i32.const 0
    v128.load offset=128 align=1
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
    local.set 1
    i32.const 0
    local.get 1
    v128.store offset=560 align=1
    i32.const 0
    v128.load offset=32 align=1
    local.set 2
    i32.const 0
    v128.load offset=352 align=1
    local.set 3
    i32.const 0
    v128.load offset=368 align=1
    local.set 4
    local.get 1
    local.set 5
    i32.const 0
    v128.load offset=32 align=1
    local.set 6
    i32.const 0
    v128.load offset=320 align=1
    local.set 7
    i32.const 0
    v128.load offset=336 align=1
    local.set 8
    local.get 1
    local.set 9
    i32.const 0
    v128.load offset=32 align=1
    local.set 10
    i32.const 0
    v128.load offset=320 align=1
    local.set 11
    i32.const 0
    v128.load offset=336 align=1
    local.set 12
    local.get 1
    i32.const 1
    i32x4.replace_lane 0
    local.set 13
    i32.const 0
    v128.load offset=32 align=1
    local.set 14
    i32.const 0
    v128.load offset=320 align=1
    local.set 15
    i32.const 0
    v128.load offset=336 align=1
    local.set 16
    local.get 1
    i32.const 2
    i32x4.replace_lane 0
    local.set 17
    i32.const 10
    local.set 18
    loop
      local.get 18
      if
        local.get 18
        i32.const 1
        i32.sub
        local.set 18
        local.get 2
        local.get 3
        i32x4.add
        local.set 2
        local.get 6
        local.get 7
        i32x4.add
        local.set 6
        local.get 10
        local.get 11
        i32x4.add
        local.set 10
        local.get 14
        local.get 15
        i32x4.add
        local.set 14
        local.get 5
        local.get 2
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 5
        local.get 9
        local.get 6
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 9
        local.get 13
        local.get 10
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 13
        local.get 17
        local.get 14
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 17
        local.get 4
        local.get 5
        i32x4.add
        local.set 4
        local.get 8
        local.get 9
        i32x4.add
        local.set 8
        local.get 12
        local.get 13
        i32x4.add
        local.set 12
        local.get 16
        local.get 17
        i32x4.add
        local.set 16
        local.get 3
        local.get 4
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 3
        local.get 7
        local.get 8
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 11
        local.get 12
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 11
        local.get 15
        local.get 16
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 15
        local.get 2
        local.get 3
        i32x4.add
        local.set 2
        local.get 6
        local.get 7
        i32x4.add
        local.set 6
        local.get 10
        local.get 11
        i32x4.add
        local.set 10
        local.get 14
        local.get 15
        i32x4.add
        local.set 14
        local.get 5
        local.get 2
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 5
        local.get 9
        local.get 6
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 9
        local.get 13
        local.get 10
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 13
        local.get 17
        local.get 14
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 17
        local.get 4
        local.get 5
        i32x4.add
        local.set 4
        local.get 8
        local.get 9
        i32x4.add
        local.set 8
        local.get 12
        local.get 13
        i32x4.add
        local.set 12
        local.get 16
        local.get 17
        i32x4.add
        local.set 16
        local.get 3
        local.get 4
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 3
        local.get 7
        local.get 8
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 11
        local.get 12
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 11
        local.get 15
        local.get 16
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 15
        local.get 3
        local.get 3
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 3
        local.get 4
        local.get 4
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 4
        local.get 5
        local.get 5
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 5
        local.get 7
        local.get 7
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 7
        local.get 8
        local.get 8
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 8
        local.get 9
        local.get 9
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 9
        local.get 11
        local.get 11
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 11
        local.get 12
        local.get 12
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 12
        local.get 13
        local.get 13
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 13
        local.get 15
        local.get 15
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 15
        local.get 16
        local.get 16
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 16
        local.get 17
        local.get 17
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 17
        local.get 2
        local.get 3
        i32x4.add
        local.set 2
        local.get 6
        local.get 7
        i32x4.add
        local.set 6
        local.get 10
        local.get 11
        i32x4.add
        local.set 10
        local.get 14
        local.get 15
        i32x4.add
        local.set 14
        local.get 5
        local.get 2
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 5
        local.get 9
        local.get 6
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 9
        local.get 13
        local.get 10
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 13
        local.get 17
        local.get 14
        v128.xor
        local.get 19
        i8x16.swizzle
        local.set 17
        local.get 4
        local.get 5
        i32x4.add
        local.set 4
        local.get 8
        local.get 9
        i32x4.add
        local.set 8
        local.get 12
        local.get 13
        i32x4.add
        local.set 12
        local.get 16
        local.get 17
        i32x4.add
        local.set 16
        local.get 3
        local.get 4
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 3
        local.get 7
        local.get 8
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 11
        local.get 12
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 11
        local.get 15
        local.get 16
        v128.xor
        local.tee 21
        i32.const 12
        i32x4.shl
        local.get 21
        i32.const 20
        i32x4.shr_u
        v128.or
        local.set 15
        local.get 2
        local.get 3
        i32x4.add
        local.set 2
        local.get 6
        local.get 7
        i32x4.add
        local.set 6
        local.get 10
        local.get 11
        i32x4.add
        local.set 10
        local.get 14
        local.get 15
        i32x4.add
        local.set 14
        local.get 5
        local.get 2
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 5
        local.get 9
        local.get 6
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 9
        local.get 13
        local.get 10
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 13
        local.get 17
        local.get 14
        v128.xor
        local.get 20
        i8x16.swizzle
        local.set 17
        local.get 4
        local.get 5
        i32x4.add
        local.set 4
        local.get 8
        local.get 9
        i32x4.add
        local.set 8
        local.get 12
        local.get 13
        i32x4.add
        local.set 12
        local.get 16
        local.get 17
        i32x4.add
        local.set 16
        local.get 3
        local.get 4
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 3
        local.get 7
        local.get 8
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 7
        local.get 11
        local.get 12
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 11
        local.get 15
        local.get 16
        v128.xor
        local.tee 21
        i32.const 7
        i32x4.shl
        local.get 21
        i32.const 25
        i32x4.shr_u
        v128.or
        local.set 15
        local.get 3
        local.get 3
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 3
        local.get 4
        local.get 4
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 4
        local.get 5
        local.get 5
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 5
        local.get 7
        local.get 7
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 7
        local.get 8
        local.get 8
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 8
        local.get 9
        local.get 9
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 9
        local.get 11
        local.get 11
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 11
        local.get 12
        local.get 12
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 12
        local.get 13
        local.get 13
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 13
        local.get 15
        local.get 15
        i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
        local.set 15
        local.get 16
        local.get 16
        i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
        local.set 16
        local.get 17
        local.get 17
        i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
        local.set 17
        br 1
      end
    end
    i32.const 0
    local.get 2
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=384 align=1
    i32.const 0
    local.get 6
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=400 align=1
    i32.const 0
    local.get 7
    i32.const 0
    v128.load offset=320 align=1
    i32x4.add
    v128.store offset=416 align=1
    i32.const 0
    local.get 10
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=432 align=1
    i32.const 0
    local.get 11
    i32.const 0
    v128.load offset=320 align=1
    i32x4.add
    v128.store offset=448 align=1
    i32.const 0
    local.get 12
    i32.const 0
    v128.load offset=336 align=1
    i32x4.add
    v128.store offset=464 align=1
    i32.const 0
    local.get 13
    local.get 1
    i32.const 1
    i32x4.replace_lane 0
    i32x4.add
    v128.store offset=480 align=1
    i32.const 0
    local.get 14
    i32.const 0
    v128.load offset=32 align=1
    i32x4.add
    v128.store offset=496 align=1
    i32.const 0
    local.get 15
    i32.const 0
    v128.load offset=320 align=1
    i32x4.add
    v128.store offset=512 align=1
    i32.const 0
    local.get 16
    i32.const 0
    v128.load offset=336 align=1
    i32x4.add
    v128.store offset=528 align=1
    i32.const 0
    local.get 17
    local.get 1
    i32.const 2
    i32x4.replace_lane 0
    i32x4.add
    v128.store offset=544 align=1
  )
  (func (type 1) (param i32 i32) (result i32)
    (local i32 i32 i32 i32 i32 i32 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 i32 v128 v128 v128 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    i32.const 0
    v128.load offset=0 align=1
    local.set 23
    i32.const 0
    v128.load offset=16 align=1
    local.set 24
    i32.const 0
    i64.load32_u offset=400 align=1
    i64.const 268435455
    i64.and
    local.set 31
    i32.const 0
    i64.load32_u offset=404 align=1
    i64.const 268435452
    i64.and
    local.set 32
    i32.const 0
    i64.load32_u offset=408 align=1
    i64.const 268435452
    i64.and
    local.set 33
    i32.const 0
    i64.load32_u offset=412 align=1
    i64.const 268435452
    i64.and
    local.set 34
    local.get 31
    local.get 31
    i64.const 2
    i64.shr_u
    i64.add
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
    i64.const 1
    local.set 43
    i32.const 0
    v128.load offset=560 align=1
    local.set 8
    i32.const 128
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
      i32.load offset=384 align=1
      i32.xor
      i32.store offset=1036 align=1
    end
    local.get 3
    local.get 2
    v128.load offset=0 align=1
    i32.const 0
    v128.load offset=432 align=1
    v128.xor
    v128.store offset=0 align=1
    local.get 3
    local.get 2
    v128.load offset=16 align=1
    i32.const 0
    v128.load offset=448 align=1
    v128.xor
    v128.store offset=16 align=1
    local.get 3
    local.get 2
    v128.load offset=32 align=1
    i32.const 0
    v128.load offset=464 align=1
    v128.xor
    v128.store offset=32 align=1
    local.get 3
    local.get 2
    v128.load offset=48 align=1
    i32.const 0
    v128.load offset=480 align=1
    v128.xor
    v128.store offset=48 align=1
    local.get 3
    local.get 2
    v128.load offset=64 align=1
    i32.const 0
    v128.load offset=496 align=1
    v128.xor
    v128.store offset=64 align=1
    local.get 3
    local.get 2
    v128.load offset=80 align=1
    i32.const 0
    v128.load offset=512 align=1
    v128.xor
    v128.store offset=80 align=1
    local.get 3
    local.get 2
    v128.load offset=96 align=1
    i32.const 0
    v128.load offset=528 align=1
    v128.xor
    v128.store offset=96 align=1
    local.get 3
    local.get 2
    v128.load offset=112 align=1
    i32.const 0
    v128.load offset=544 align=1
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
    i32.const 3
    local.set 7
    i32.const 1036
    local.set 5
    loop
      local.get 4
      local.get 0
      i32.lt_u
      if
        i32.const 0
        v128.load offset=32 align=1
        local.set 10
        i32.const 0
        v128.load offset=320 align=1
        local.set 11
        i32.const 0
        v128.load offset=336 align=1
        local.set 12
        local.get 8
        local.get 7
        i32.const 0
        i32.add
        i32x4.replace_lane 0
        local.set 13
        i32.const 0
        v128.load offset=32 align=1
        local.set 14
        i32.const 0
        v128.load offset=320 align=1
        local.set 15
        i32.const 0
        v128.load offset=336 align=1
        local.set 16
        local.get 8
        local.get 7
        i32.const 1
        i32.add
        i32x4.replace_lane 0
        local.set 17
        i32.const 0
        v128.load offset=32 align=1
        local.set 18
        i32.const 0
        v128.load offset=320 align=1
        local.set 19
        i32.const 0
        v128.load offset=336 align=1
        local.set 20
        local.get 8
        local.get 7
        i32.const 2
        i32.add
        i32x4.replace_lane 0
        local.set 21
        i32.const 10
        local.set 22
        loop
          local.get 22
          if
            local.get 22
            i32.const 1
            i32.sub
            local.set 22
            local.get 10
            local.get 11
            i32x4.add
            local.set 10
            local.get 14
            local.get 15
            i32x4.add
            local.set 14
            local.get 18
            local.get 19
            i32x4.add
            local.set 18
            local.get 13
            local.get 10
            v128.xor
            local.get 23
            i8x16.swizzle
            local.set 13
            local.get 17
            local.get 14
            v128.xor
            local.get 23
            i8x16.swizzle
            local.set 17
            local.get 21
            local.get 18
            v128.xor
            local.get 23
            i8x16.swizzle
            local.set 21
            local.get 12
            local.get 13
            i32x4.add
            local.set 12
            local.get 16
            local.get 17
            i32x4.add
            local.set 16
            local.get 20
            local.get 21
            i32x4.add
            local.set 20
            local.get 11
            local.get 12
            v128.xor
            local.tee 25
            i32.const 12
            i32x4.shl
            local.get 25
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 11
            local.get 15
            local.get 16
            v128.xor
            local.tee 25
            i32.const 12
            i32x4.shl
            local.get 25
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 19
            local.get 20
            v128.xor
            local.tee 25
            i32.const 12
            i32x4.shl
            local.get 25
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 19
            local.get 10
            local.get 11
            i32x4.add
            local.set 10
            local.get 14
            local.get 15
            i32x4.add
            local.set 14
            local.get 18
            local.get 19
            i32x4.add
            local.set 18
            local.get 13
            local.get 10
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 13
            local.get 17
            local.get 14
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 17
            local.get 21
            local.get 18
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 21
            local.get 12
            local.get 13
            i32x4.add
            local.set 12
            local.get 16
            local.get 17
            i32x4.add
            local.set 16
            local.get 20
            local.get 21
            i32x4.add
            local.set 20
            local.get 11
            local.get 12
            v128.xor
            local.tee 25
            i32.const 7
            i32x4.shl
            local.get 25
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 11
            local.get 15
            local.get 16
            v128.xor
            local.tee 25
            i32.const 7
            i32x4.shl
            local.get 25
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 19
            local.get 20
            v128.xor
            local.tee 25
            i32.const 7
            i32x4.shl
            local.get 25
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 19
            local.get 11
            local.get 11
            i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
            local.set 11
            local.get 12
            local.get 12
            i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
            local.set 12
            local.get 13
            local.get 13
            i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
            local.set 13
            local.get 15
            local.get 15
            i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
            local.set 15
            local.get 16
            local.get 16
            i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
            local.set 16
            local.get 17
            local.get 17
            i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
            local.set 17
            local.get 19
            local.get 19
            i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
            local.set 19
            local.get 20
            local.get 20
            i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
            local.set 20
            local.get 21
            local.get 21
            i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
            local.set 21
            local.get 10
            local.get 11
            i32x4.add
            local.set 10
            local.get 14
            local.get 15
            i32x4.add
            local.set 14
            local.get 18
            local.get 19
            i32x4.add
            local.set 18
            local.get 13
            local.get 10
            v128.xor
            local.get 23
            i8x16.swizzle
            local.set 13
            local.get 17
            local.get 14
            v128.xor
            local.get 23
            i8x16.swizzle
            local.set 17
            local.get 21
            local.get 18
            v128.xor
            local.get 23
            i8x16.swizzle
            local.set 21
            local.get 12
            local.get 13
            i32x4.add
            local.set 12
            local.get 16
            local.get 17
            i32x4.add
            local.set 16
            local.get 20
            local.get 21
            i32x4.add
            local.set 20
            local.get 11
            local.get 12
            v128.xor
            local.tee 25
            i32.const 12
            i32x4.shl
            local.get 25
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 11
            local.get 15
            local.get 16
            v128.xor
            local.tee 25
            i32.const 12
            i32x4.shl
            local.get 25
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 19
            local.get 20
            v128.xor
            local.tee 25
            i32.const 12
            i32x4.shl
            local.get 25
            i32.const 20
            i32x4.shr_u
            v128.or
            local.set 19
            local.get 10
            local.get 11
            i32x4.add
            local.set 10
            local.get 14
            local.get 15
            i32x4.add
            local.set 14
            local.get 18
            local.get 19
            i32x4.add
            local.set 18
            local.get 13
            local.get 10
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 13
            local.get 17
            local.get 14
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 17
            local.get 21
            local.get 18
            v128.xor
            local.get 24
            i8x16.swizzle
            local.set 21
            local.get 12
            local.get 13
            i32x4.add
            local.set 12
            local.get 16
            local.get 17
            i32x4.add
            local.set 16
            local.get 20
            local.get 21
            i32x4.add
            local.set 20
            local.get 11
            local.get 12
            v128.xor
            local.tee 25
            i32.const 7
            i32x4.shl
            local.get 25
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 11
            local.get 15
            local.get 16
            v128.xor
            local.tee 25
            i32.const 7
            i32x4.shl
            local.get 25
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 15
            local.get 19
            local.get 20
            v128.xor
            local.tee 25
            i32.const 7
            i32x4.shl
            local.get 25
            i32.const 25
            i32x4.shr_u
            v128.or
            local.set 19
            local.get 11
            local.get 11
            i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
            local.set 11
            local.get 12
            local.get 12
            i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
            local.set 12
            local.get 13
            local.get 13
            i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
            local.set 13
            local.get 15
            local.get 15
            i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
            local.set 15
            local.get 16
            local.get 16
            i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
            local.set 16
            local.get 17
            local.get 17
            i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
            local.set 17
            local.get 19
            local.get 19
            i8x16.shuffle 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11
            local.set 19
            local.get 20
            local.get 20
            i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
            local.set 20
            local.get 21
            local.get 21
            i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3
            local.set 21
            local.get 5
            local.get 4
            i32.const 1036
            i32.add
            i32.lt_u
            if
              local.get 26
              local.get 5
              i64.load32_u offset=0 align=1
              i64.add
              local.set 26
              local.get 27
              local.get 5
              i64.load32_u offset=4 align=1
              i64.add
              local.set 27
              local.get 28
              local.get 5
              i64.load32_u offset=8 align=1
              i64.add
              local.set 28
              local.get 29
              local.get 5
              i64.load32_u offset=12 align=1
              i64.add
              local.set 29
              local.get 30
              local.get 43
              i64.add
              local.set 30
              local.get 5
              i32.const 16
              i32.add
              local.set 5
              local.get 26
              local.get 31
              i64.mul
              local.get 27
              local.get 38
              i64.mul
              i64.add
              local.get 28
              local.get 37
              i64.mul
              i64.add
              local.get 29
              local.get 36
              i64.mul
              i64.add
              local.set 39
              local.get 26
              local.get 32
              i64.mul
              local.get 27
              local.get 31
              i64.mul
              i64.add
              local.get 28
              local.get 38
              i64.mul
              i64.add
              local.get 29
              local.get 37
              i64.mul
              i64.add
              local.get 30
              local.get 36
              i64.mul
              i64.add
              local.set 40
              local.get 26
              local.get 33
              i64.mul
              local.get 27
              local.get 32
              i64.mul
              i64.add
              local.get 28
              local.get 31
              i64.mul
              i64.add
              local.get 29
              local.get 38
              i64.mul
              i64.add
              local.get 30
              local.get 37
              i64.mul
              i64.add
              local.set 41
              local.get 26
              local.get 34
              i64.mul
              local.get 27
              local.get 33
              i64.mul
              i64.add
              local.get 28
              local.get 32
              i64.mul
              i64.add
              local.get 29
              local.get 31
              i64.mul
              i64.add
              local.get 30
              local.get 38
              i64.mul
              i64.add
              local.set 42
              local.get 40
              local.get 39
              i64.const 32
              i64.shr_u
              i64.add
              local.set 40
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
              local.get 30
              local.get 31
              i64.mul
              local.get 42
              i64.const 32
              i64.shr_u
              i64.add
              local.set 30
              local.get 40
              i64.const 4294967295
              i64.and
              local.set 27
              local.get 41
              i64.const 4294967295
              i64.and
              local.set 28
              local.get 42
              i64.const 4294967295
              i64.and
              local.set 29
              local.get 39
              i64.const 4294967295
              i64.and
              local.get 30
              i64.const 2
              i64.shr_u
              i64.add
              local.get 30
              i64.const -4
              i64.and
              i64.add
              local.set 26
              local.get 30
              i64.const 3
              i64.and
              local.set 30
            end
            br 1
          end
        end
        loop
          local.get 5
          local.get 4
          i32.const 1036
          i32.add
          i32.lt_u
          if
            local.get 26
            local.get 5
            i64.load32_u offset=0 align=1
            i64.add
            local.set 26
            local.get 27
            local.get 5
            i64.load32_u offset=4 align=1
            i64.add
            local.set 27
            local.get 28
            local.get 5
            i64.load32_u offset=8 align=1
            i64.add
            local.set 28
            local.get 29
            local.get 5
            i64.load32_u offset=12 align=1
            i64.add
            local.set 29
            local.get 30
            local.get 43
            i64.add
            local.set 30
            local.get 5
            i32.const 16
            i32.add
            local.set 5
            local.get 26
            local.get 31
            i64.mul
            local.get 27
            local.get 38
            i64.mul
            i64.add
            local.get 28
            local.get 37
            i64.mul
            i64.add
            local.get 29
            local.get 36
            i64.mul
            i64.add
            local.set 39
            local.get 26
            local.get 32
            i64.mul
            local.get 27
            local.get 31
            i64.mul
            i64.add
            local.get 28
            local.get 38
            i64.mul
            i64.add
            local.get 29
            local.get 37
            i64.mul
            i64.add
            local.get 30
            local.get 36
            i64.mul
            i64.add
            local.set 40
            local.get 26
            local.get 33
            i64.mul
            local.get 27
            local.get 32
            i64.mul
            i64.add
            local.get 28
            local.get 31
            i64.mul
            i64.add
            local.get 29
            local.get 38
            i64.mul
            i64.add
            local.get 30
            local.get 37
            i64.mul
            i64.add
            local.set 41
            local.get 26
            local.get 34
            i64.mul
            local.get 27
            local.get 33
            i64.mul
            i64.add
            local.get 28
            local.get 32
            i64.mul
            i64.add
            local.get 29
            local.get 31
            i64.mul
            i64.add
            local.get 30
            local.get 38
            i64.mul
            i64.add
            local.set 42
            local.get 40
            local.get 39
            i64.const 32
            i64.shr_u
            i64.add
            local.set 40
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
            local.get 30
            local.get 31
            i64.mul
            local.get 42
            i64.const 32
            i64.shr_u
            i64.add
            local.set 30
            local.get 40
            i64.const 4294967295
            i64.and
            local.set 27
            local.get 41
            i64.const 4294967295
            i64.and
            local.set 28
            local.get 42
            i64.const 4294967295
            i64.and
            local.set 29
            local.get 39
            i64.const 4294967295
            i64.and
            local.get 30
            i64.const 2
            i64.shr_u
            i64.add
            local.get 30
            i64.const -4
            i64.and
            i64.add
            local.set 26
            local.get 30
            i64.const 3
            i64.and
            local.set 30
            br 1
          end
        end
        local.get 3
        local.get 2
        v128.load offset=0 align=1
        local.get 10
        i32.const 0
        v128.load offset=32 align=1
        i32x4.add
        v128.xor
        v128.store offset=0 align=1
        local.get 3
        local.get 2
        v128.load offset=16 align=1
        local.get 11
        i32.const 0
        v128.load offset=320 align=1
        i32x4.add
        v128.xor
        v128.store offset=16 align=1
        local.get 3
        local.get 2
        v128.load offset=32 align=1
        local.get 12
        i32.const 0
        v128.load offset=336 align=1
        i32x4.add
        v128.xor
        v128.store offset=32 align=1
        local.get 3
        local.get 2
        v128.load offset=48 align=1
        local.get 13
        local.get 8
        local.get 7
        i32.const 0
        i32.add
        i32x4.replace_lane 0
        i32x4.add
        v128.xor
        v128.store offset=48 align=1
        local.get 3
        local.get 2
        v128.load offset=64 align=1
        local.get 14
        i32.const 0
        v128.load offset=32 align=1
        i32x4.add
        v128.xor
        v128.store offset=64 align=1
        local.get 3
        local.get 2
        v128.load offset=80 align=1
        local.get 15
        i32.const 0
        v128.load offset=320 align=1
        i32x4.add
        v128.xor
        v128.store offset=80 align=1
        local.get 3
        local.get 2
        v128.load offset=96 align=1
        local.get 16
        i32.const 0
        v128.load offset=336 align=1
        i32x4.add
        v128.xor
        v128.store offset=96 align=1
        local.get 3
        local.get 2
        v128.load offset=112 align=1
        local.get 17
        local.get 8
        local.get 7
        i32.const 1
        i32.add
        i32x4.replace_lane 0
        i32x4.add
        v128.xor
        v128.store offset=112 align=1
        local.get 3
        local.get 2
        v128.load offset=128 align=1
        local.get 18
        i32.const 0
        v128.load offset=32 align=1
        i32x4.add
        v128.xor
        v128.store offset=128 align=1
        local.get 3
        local.get 2
        v128.load offset=144 align=1
        local.get 19
        i32.const 0
        v128.load offset=320 align=1
        i32x4.add
        v128.xor
        v128.store offset=144 align=1
        local.get 3
        local.get 2
        v128.load offset=160 align=1
        local.get 20
        i32.const 0
        v128.load offset=336 align=1
        i32x4.add
        v128.xor
        v128.store offset=160 align=1
        local.get 3
        local.get 2
        v128.load offset=176 align=1
        local.get 21
        local.get 8
        local.get 7
        i32.const 2
        i32.add
        i32x4.replace_lane 0
        i32x4.add
        v128.xor
        v128.store offset=176 align=1
        local.get 2
        i32.const 0
        i32.const 192
        local.get 1
        select
        i32.add
        local.set 2
        local.get 3
        i32.const 192
        i32.add
        local.set 3
        local.get 4
        i32.const 192
        i32.add
        local.set 4
        local.get 7
        i32.const 3
        i32.add
        local.set 7
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
          v128.store offset=576 align=1
          i32.const 576
          local.set 5
          i32.const 592
          local.set 6
          i64.const 0
          local.set 43
        end
        local.get 26
        local.get 5
        i64.load32_u offset=0 align=1
        i64.add
        local.set 26
        local.get 27
        local.get 5
        i64.load32_u offset=4 align=1
        i64.add
        local.set 27
        local.get 28
        local.get 5
        i64.load32_u offset=8 align=1
        i64.add
        local.set 28
        local.get 29
        local.get 5
        i64.load32_u offset=12 align=1
        i64.add
        local.set 29
        local.get 30
        local.get 43
        i64.add
        local.set 30
        local.get 5
        i32.const 16
        i32.add
        local.set 5
        local.get 26
        local.get 31
        i64.mul
        local.get 27
        local.get 38
        i64.mul
        i64.add
        local.get 28
        local.get 37
        i64.mul
        i64.add
        local.get 29
        local.get 36
        i64.mul
        i64.add
        local.set 39
        local.get 26
        local.get 32
        i64.mul
        local.get 27
        local.get 31
        i64.mul
        i64.add
        local.get 28
        local.get 38
        i64.mul
        i64.add
        local.get 29
        local.get 37
        i64.mul
        i64.add
        local.get 30
        local.get 36
        i64.mul
        i64.add
        local.set 40
        local.get 26
        local.get 33
        i64.mul
        local.get 27
        local.get 32
        i64.mul
        i64.add
        local.get 28
        local.get 31
        i64.mul
        i64.add
        local.get 29
        local.get 38
        i64.mul
        i64.add
        local.get 30
        local.get 37
        i64.mul
        i64.add
        local.set 41
        local.get 26
        local.get 34
        i64.mul
        local.get 27
        local.get 33
        i64.mul
        i64.add
        local.get 28
        local.get 32
        i64.mul
        i64.add
        local.get 29
        local.get 31
        i64.mul
        i64.add
        local.get 30
        local.get 38
        i64.mul
        i64.add
        local.set 42
        local.get 40
        local.get 39
        i64.const 32
        i64.shr_u
        i64.add
        local.set 40
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
        local.get 30
        local.get 31
        i64.mul
        local.get 42
        i64.const 32
        i64.shr_u
        i64.add
        local.set 30
        local.get 40
        i64.const 4294967295
        i64.and
        local.set 27
        local.get 41
        i64.const 4294967295
        i64.and
        local.set 28
        local.get 42
        i64.const 4294967295
        i64.and
        local.set 29
        local.get 39
        i64.const 4294967295
        i64.and
        local.get 30
        i64.const 2
        i64.shr_u
        i64.add
        local.get 30
        i64.const -4
        i64.and
        i64.add
        local.set 26
        local.get 30
        i64.const 3
        i64.and
        local.set 30
        br 1
      end
    end
    local.get 27
    local.get 26
    i64.const 32
    i64.shr_u
    i64.add
    local.set 27
    local.get 26
    i64.const 4294967295
    i64.and
    local.set 26
    local.get 28
    local.get 27
    i64.const 32
    i64.shr_u
    i64.add
    local.set 28
    local.get 27
    i64.const 4294967295
    i64.and
    local.set 27
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
    local.get 26
    i64.const 5
    i64.add
    local.set 39
    local.get 27
    local.get 39
    i64.const 32
    i64.shr_u
    i64.add
    local.set 40
    local.get 28
    local.get 40
    i64.const 32
    i64.shr_u
    i64.add
    local.set 41
    local.get 29
    local.get 41
    i64.const 32
    i64.shr_u
    i64.add
    local.set 42
    i64.const 0
    local.get 30
    local.get 42
    i64.const 32
    i64.shr_u
    i64.add
    i64.const 2
    i64.shr_u
    i64.sub
    local.set 43
    local.get 26
    local.get 26
    local.get 39
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 43
    i64.and
    i64.xor
    local.set 26
    local.get 27
    local.get 27
    local.get 40
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 43
    i64.and
    i64.xor
    local.set 27
    local.get 28
    local.get 28
    local.get 41
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 43
    i64.and
    i64.xor
    local.set 28
    local.get 29
    local.get 29
    local.get 42
    i64.const 4294967295
    i64.and
    i64.xor
    local.get 43
    i64.and
    i64.xor
    local.set 29
    local.get 26
    i32.const 0
    i64.load32_u offset=416 align=1
    i64.add
    local.set 26
    local.get 27
    i32.const 0
    i64.load32_u offset=420 align=1
    local.get 26
    i64.const 32
    i64.shr_u
    i64.add
    i64.add
    local.set 27
    local.get 28
    i32.const 0
    i64.load32_u offset=424 align=1
    local.get 27
    i64.const 32
    i64.shr_u
    i64.add
    i64.add
    local.set 28
    local.get 29
    i32.const 0
    i64.load32_u offset=428 align=1
    local.get 28
    i64.const 32
    i64.shr_u
    i64.add
    i64.add
    local.set 29
    i32.const 0
    local.get 26
    i64.store32 offset=400 align=1
    i32.const 0
    local.get 27
    i64.store32 offset=404 align=1
    i32.const 0
    local.get 28
    i64.store32 offset=408 align=1
    i32.const 0
    local.get 29
    i64.store32 offset=412 align=1
    local.get 0
    i32.const 1040
    i32.add
    local.set 6
    local.get 6
    v128.load offset=0 align=1
    i32.const 0
    v128.load offset=400 align=1
    v128.xor
    local.set 9
    local.get 1
    i32.eqz
    if
      local.get 6
      i32.const 0
      v128.load offset=400 align=1
      v128.store offset=0 align=1
      i32.const 0
      v128.load offset=128 align=1
      local.set 9
    end
    local.get 1
    local.get 9
    v128.any_true
    i32.eqz
    i32.and
    if
      i32.const 0
      i32.const 0
      i32.load offset=1036 align=1
      i32.const 0
      i32.load offset=384 align=1
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
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=320 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=336 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=352 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=368 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=384 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=400 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=416 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=432 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=448 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=464 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=480 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=496 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=512 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=528 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=544 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=560 align=1
    i32.const 0
    i32.const 0
    v128.load offset=128 align=1
    v128.store offset=576 align=1
    local.get 9
    v128.any_true
    i32.eqz
  )
  (data (i32.const 0) "\02\03\00\01\06\07\04\05\0a\0b\08\09\0e\0f\0c\0d\03\00\01\02\07\04\05\06\0b\08\09\0a\0f\0c\0d\0e\65\78\70\61\6e\64\20\33\32\2d\62\79\74\65\20\6b\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01")
)
