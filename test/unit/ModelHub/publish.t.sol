// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {
    Arithmetic,
    IModelHub,
    KeyOrigin,
    ReleaseContent,
    ReleaseRecord,
    ReleaseStatus,
    ReleaseTerms
} from "../../../contracts/interfaces/IModelHub.sol";
import {MAX_GRAINS, GRAIN, NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {ReleaseId, releaseIdOf} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

/// Caller, versions, terms, storage and event. What content may hold is in publishContent.t.sol, the binding of content
/// ids in publishContentId.t.sol.
contract PublishTest is ModelHubFixture {
    function test_revertsWhenTheModelIsUnknown() public {
        _expectModelUnknown();
        hub.publish(NO_MODEL, false, _content(), ROYALTY, MIN_STAKE, VANILLA_ONLY, "", 0);
    }

    function test_revertsWhenTheCallerIsNotThePublisher() public {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.NotPublisher.selector, model, stranger));
        vm.prank(stranger);
        hub.publish(model, false, _content(), ROYALTY, MIN_STAKE, VANILLA_ONLY, "", 0);
    }

    function test_revertsWhenAnAmountIsNotInWholeGrains() public {
        _expectAmountRefused(ROYALTY + 1, MIN_STAKE, ROYALTY + 1);
        _expectAmountRefused(ROYALTY, GRAIN - 1, GRAIN - 1);
        _expectAmountRefused((MAX_GRAINS + 1) * GRAIN, MIN_STAKE, (MAX_GRAINS + 1) * GRAIN);
        _expectAmountRefused(ROYALTY, type(uint256).max, type(uint256).max);
    }

    function test_revertsWhenTheSchemaChangesInAMinorRelease() public {
        _publish(_contentOfSchema(0), false);
        ReleaseContent memory changed = _contentOfSchema(1);
        bytes32 before = _schemaHashOf(_contentOfSchema(0));
        vm.expectRevert(
            abi.encodeWithSelector(IModelHub.SchemaChanged.selector, model, before, _schemaHashOf(changed))
        );
        _publish(changed, false);
    }

    function test_revertsWhenInputsAndOutputsTradePlaces() public {
        ReleaseContent memory content = _content();
        _publish(content, false);
        ReleaseContent memory swapped = _content();
        (swapped.inputs, swapped.outputs) = (content.outputs, content.inputs);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelHub.SchemaChanged.selector,
                model,
                _schemaHashOf(content),
                _schemaHashOf(swapped)
            )
        );
        _publish(swapped, false);
    }

    function test_revertsWhenTheMinorsAreUsedUp() public {
        for (uint256 i; i < 100; ++i) {
            _publish();
        }
        (uint16 major, uint16 minor) = hub.latestVersion(model);
        assertEq(major, 1);
        assertEq(minor, 99);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.VersionExhausted.selector, model, 1, 99));
        _publish();

        _publish(_content(), true);
        (major, minor) = hub.latestVersion(model);
        assertEq(major, 2);
        assertEq(minor, 0);
    }

    function test_revertsWhenTheMajorsAreUsedUp() public {
        // The slot of the model holds the publisher and above it the latest major, which has one release.
        vm.store(address(hub), keccak256(abi.encode(model, 0)), bytes32(uint256(uint160(publisher)) | (65_534 << 160)));
        bytes32 version = keccak256(abi.encode(uint16(65_534), keccak256(abi.encode(model, 1))));
        vm.store(address(hub), bytes32(uint256(version) + 1), bytes32(uint256(1)));
        _publish(_content(), true);
        _publish();
        vm.expectRevert(abi.encodeWithSelector(IModelHub.VersionExhausted.selector, model, 65_535, 1));
        _publish(_content(), true);
    }

    function test_storesTheRelease() public {
        ReleaseContent memory content = _withContributors(2, 5000);
        vm.roll(4321);
        ReleaseId release = _publish(content, false);

        ReleaseTerms memory terms = hub.termsOf(release);
        assertEq(terms.royalty, ROYALTY);
        assertEq(terms.minStake, MIN_STAKE);
        assertEq(terms.modes, VANILLA_ONLY);
        assertEq(terms.status, ReleaseStatus.Experimental);
        assertEq(terms.statusSince, block.timestamp);

        ReleaseRecord memory record = hub.recordOf(release);
        assertEq(record.model, model);
        assertEq(record.major, 1);
        assertEq(record.minor, 0);
        assertEq(record.publishedBlock, 4321);
        assertEq(uint256(record.arithmetic), uint256(Arithmetic.Approximate));
        assertEq(record.schemaHash, _schemaHashOf(content));
        assertEq(record.contributorsHash, keccak256(abi.encode(content.contributors)));
        assertEq(hub.releaseAt(model, 1, 0), release);
    }

    function test_storesWhatAnExactReleaseWithACircuitCommitsTo() public {
        ReleaseContent memory content = _exactContent();
        content.exact.zkVerifier = address(0x21);
        content.exact.zkKeyDigest = keccak256("key");
        content.exact.zkKeyOrigin = KeyOrigin.Ceremony;
        ReleaseId release = _publishInModes(content, 7);
        assertEq(keccak256(abi.encode(hub.exactCommitmentOf(release))), keccak256(abi.encode(content.exact)));
    }

    function test_emitsTheContentWhole() public {
        ReleaseContent memory content = _withContributors(3, 100);
        bytes memory data = abi.encode(uint16(1), uint16(0), ROYALTY, MIN_STAKE, VANILLA_ONLY, content);
        ReleaseId expected = releaseIdOf(model, 1, 0, keccak256(data));
        vm.expectEmit(address(hub));
        emit IModelHub.ReleasePublished(expected, model, 1, 0, ROYALTY, MIN_STAKE, VANILLA_ONLY, content);
        assertEq(_publish(content, false), expected);
    }

    function test_emitsALogThatProvesItselfAgainstTheId() public {
        vm.recordLogs();
        ReleaseId release = _publish(_withContributors(1, 1), false);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics.length, 3);
        assertEq(logs[0].topics[0], IModelHub.ReleasePublished.selector);
        assertEq(releaseIdOf(model, 1, 0, keccak256(logs[0].data)), release);
    }

    function test_givesOtherContentAndOtherTermsOtherIds() public {
        uint256 snapshot = vm.snapshotState();
        bytes32[4] memory ids;
        ids[0] = ReleaseId.unwrap(_publish());
        vm.revertToState(snapshot);
        ReleaseContent memory content = _content();
        content.files[0].size += 1;
        ids[1] = ReleaseId.unwrap(_publish(content, false));
        vm.revertToState(snapshot);
        vm.prank(publisher);
        content = _content();
        ids[2] = ReleaseId.unwrap(hub.publish(model, false, content, ROYALTY + GRAIN, MIN_STAKE, VANILLA_ONLY, "", 0));
        vm.revertToState(snapshot);
        ids[3] = ReleaseId.unwrap(_publishInModes(_content(), VANILLA_ONLY | 4));
        for (uint256 i; i < 4; ++i) {
            for (uint256 j; j < i; ++j) {
                assertNotEq(ids[i], ids[j]);
            }
        }
    }

    function test_takesAMajorReleaseWithTheSameSchema() public {
        _publish();
        ReleaseId release = _publish(_content(), true);
        assertEq(hub.releaseAt(model, 2, 0), release);
    }

    function test_leavesThePreviousMajorAsItWas() public {
        ReleaseId old = _publish();
        _publish(_contentOfSchema(1), true);
        _publish(_contentOfSchema(1), false);
        assertEq(hub.releaseAt(model, 1, 0), old);
        assertEq(hub.recordOf(old).schemaHash, _schemaHashOf(_content()));
        vm.expectRevert(abi.encodeWithSelector(IModelHub.VersionUnknown.selector, model, 1, 1));
        hub.releaseAt(model, 1, 1);
    }

    function test_ignoresTheSaltWithoutAContentId() public {
        vm.prank(publisher);
        hub.publish(model, false, _content(), ROYALTY, MIN_STAKE, VANILLA_ONLY, "", SALT);
    }

    function testFuzz_keepsTheTermsToTheWei(uint256 royalty, uint256 minStake, uint8 modes) public {
        royalty = bound(royalty, 0, MAX_GRAINS) * GRAIN;
        minStake = bound(minStake, 0, MAX_GRAINS) * GRAIN;
        modes = uint8(bound(modes, 0, 1)) * 4 + 1;
        vm.prank(publisher);
        ReleaseId release = hub.publish(model, false, _content(), royalty, minStake, modes, "", 0);
        ReleaseTerms memory terms = hub.termsOf(release);
        assertEq(terms.royalty, royalty);
        assertEq(terms.minStake, minStake);
        assertEq(terms.modes, modes);
    }

    /// Eight publications, each minor or major, each with one of three schemas, against the rule written plainly.
    function testFuzz_assignsVersionsByRule(uint256 seed) public {
        uint16 major;
        uint16 minor;
        uint256 schema;
        for (uint256 i; i < 8; ++i) {
            uint256 choice = (seed >> (16 * i)) & 0xffff;
            bool isMajor = choice % 3 == 0;
            uint256 nextSchema = (choice >> 8) % 3;
            ReleaseContent memory content = _contentOfSchema(nextSchema);
            if (major != 0 && !isMajor && nextSchema != schema) {
                bytes32 previous = _schemaHashOf(_contentOfSchema(schema));
                vm.expectRevert(
                    abi.encodeWithSelector(IModelHub.SchemaChanged.selector, model, previous, _schemaHashOf(content))
                );
                _publish(content, isMajor);
            } else {
                (major, minor) = major == 0
                    ? (1, 0)
                    : isMajor
                        ? (major + 1, 0)
                        : (major, minor + 1);
                schema = nextSchema;
                ReleaseId release = _publish(content, isMajor);
                assertEq(hub.releaseAt(model, major, minor), release);
                assertEq(hub.recordOf(release).schemaHash, _schemaHashOf(content));
            }
            (uint16 latestMajor, uint16 latestMinor) = hub.latestVersion(model);
            assertEq(latestMajor, major);
            assertEq(latestMinor, minor);
        }
    }

    function _expectAmountRefused(uint256 royalty, uint256 minStake, uint256 refused) private {
        vm.expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, refused));
        vm.prank(publisher);
        hub.publish(model, false, _content(), royalty, minStake, VANILLA_ONLY, "", 0);
    }

    function _schemaHashOf(ReleaseContent memory content) private pure returns (bytes32) {
        return keccak256(abi.encode(content.inputs, content.outputs));
    }
}
