// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, TensorSpec} from "../../../contracts/interfaces/IModelHub.sol";
import {IReleaseSchemas} from "../../../contracts/solidml/IReleaseSchemas.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {SolidMLFixture} from "./SolidMLFixture.sol";

contract SchemasTest is SolidMLFixture {
    function test_keepsTheSchema() public view {
        (TensorSpec[] memory inputs, TensorSpec[] memory outputs) = schemas.schemaOf(boundRelease);
        assertEq(keccak256(abi.encode(inputs, outputs)), keccak256(abi.encode(content.inputs, content.outputs)));
        assertTrue(schemas.isRegistered(boundRelease));
        assertFalse(schemas.isRegistered(release));
    }

    function test_registers() public {
        bytes32 schemaHash = keccak256(abi.encode(_content().inputs, _content().outputs));
        vm.expectEmit(address(schemas));
        emit IReleaseSchemas.SchemaRegistered(release, schemaHash);
        vm.prank(stranger);
        schemas.registerSchema(release, _content().inputs, _content().outputs);
        assertTrue(schemas.isRegistered(release));
    }

    function test_leavesARegisteredOneAsItIs() public {
        schemas.registerSchema(boundRelease, content.inputs, new TensorSpec[](0));
        (, TensorSpec[] memory outputs) = schemas.schemaOf(boundRelease);
        assertEq(outputs.length, 1);
    }

    function test_keepsTheLargestSchema() public {
        TensorSpec[] memory specs = new TensorSpec[](64);
        for (uint256 i; i < 64; ++i) {
            bytes memory name = new bytes(128);
            for (uint256 j; j < 128; ++j) name[j] = bytes1(uint8(0x21 + i));
            specs[i] = TensorSpec(string(name), 1, new int32[](8));
            for (uint256 j; j < 8; ++j) specs[i].shape[j] = j == 0 ? -1 : type(int32).max;
        }
        delete content.inputs;
        delete content.outputs;
        for (uint256 i; i < 64; ++i) {
            content.inputs.push(specs[i]);
            content.outputs.push(specs[i]);
        }
        vm.startPrank(publisher);
        ReleaseId largest = hub.publish(hub.createModel("largest"), false, content, 0, 0, VANILLA_ONLY, "", 0);
        vm.stopPrank();
        schemas.registerSchema(largest, specs, specs);
        (TensorSpec[] memory inputs, TensorSpec[] memory outputs) = schemas.schemaOf(largest);
        assertEq(keccak256(abi.encode(inputs, outputs)), keccak256(abi.encode(specs, specs)));
    }

    function test_revertsWhenSchemaDiffers() public {
        bytes32 given = keccak256(abi.encode(content.inputs, content.outputs));
        bytes32 expected = hub.recordOf(release).schemaHash;
        vm.expectRevert(abi.encodeWithSelector(IReleaseSchemas.SchemaMismatch.selector, release, given, expected));
        schemas.registerSchema(release, content.inputs, content.outputs);
    }

    function test_revertsWhenReleaseUnknown() public {
        ReleaseId none = ReleaseId.wrap(bytes32(uint256(1)));
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseUnknown.selector, none));
        schemas.registerSchema(none, content.inputs, content.outputs);
    }

    function test_findsReleases() public view {
        assertEq(schemas.releaseOf(CONTENT_ID), boundRelease);
        string memory owner = vm.toString(publisher);
        assertEq(schemas.releaseOf(string.concat(owner, "/vol@v1.00")), boundRelease);
        assertEq(schemas.releaseOf(string.concat(owner, "/vol@1.00")), boundRelease);
        assertEq(schemas.releaseOf(string.concat(vm.toLowercase(owner), "/vol@v1.00")), boundRelease);
    }

    function test_revertsWhenVersionInvalid() public {
        string[10] memory ends = [
            "/vol",
            "/vol@",
            "/vol@v",
            "/vol@v1",
            "/vol@v1.0",
            "/vol@v01.00",
            "/vol@v1.000",
            "/vol@v1:00",
            "/vol@v99999.00",
            "/vol@vx.00"
        ];
        for (uint256 i; i < ends.length; ++i) {
            string memory id = string.concat(vm.toString(publisher), ends[i]);
            vm.expectRevert(abi.encodeWithSelector(IReleaseSchemas.ModelVersionInvalid.selector, id));
            schemas.releaseOf(id);
        }
    }

    function test_revertsWhenVersionUnknown() public {
        vm.expectPartialRevert(IModelHub.VersionUnknown.selector);
        schemas.releaseOf(string.concat(vm.toString(publisher), "/vol@v1.01"));
    }

    /// A content id that looks like a version is never one: nobody can take a release's name.
    function test_neverTakesAVersionForAContentId() public {
        string memory id = string.concat(vm.toString(publisher), "/other@v1.00");
        vm.startPrank(stranger);
        hub.commitContent(keccak256(abi.encode(stranger, id, bytes32(0))));
        vm.warp(vm.getBlockTimestamp() + 60);
        hub.publish(hub.createModel("squat"), false, content, 0, 0, VANILLA_ONLY, id, 0);
        vm.stopPrank();
        vm.expectPartialRevert(IModelHub.VersionUnknown.selector);
        schemas.releaseOf(id);
    }

    function testFuzz_resolvesOrRevertsByName(string memory id) public {
        try schemas.releaseOf(id) {
            fail();
        } catch (bytes memory reason) {
            assertGe(reason.length, 4);
            assertTrue(bytes4(reason) != bytes4(keccak256("Panic(uint256)")));
        }
    }
}
